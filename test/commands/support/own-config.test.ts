import { join } from 'node:path'
import t from 'tap'
import { loadConfigFile, loadOwnConfigFile } from '../../../src/commands/support/sources.js'

const directory = t.testdir({
  '.irsa-guard.yaml': 'mode: audit\n',
  repository: {
    '.git': {},
    '.irsa-guard.yaml': 'mode: warn\nclusterCa: ca.pem\niam: { files: [iam.json, /etc/iam.json] }\n',
    deploy: { prod: {} }
  },
  bare: { '.git': {}, deploy: {} },
  loose: { deploy: {} },
  'given.yaml': 'mode: "off"\n'
})
const modeIn = async (path: string): Promise<string> =>
  (await loadOwnConfigFile(undefined, join(directory, path))).mode

t.test('is the first one in the working directory or above it', async (t) => {
  t.equal(await modeIn('repository'), 'warn')
  t.equal(await modeIn('repository/deploy/prod'), 'warn')
  t.equal(await modeIn('loose/deploy'), 'audit')
  t.equal(await modeIn('bare/deploy'), 'enforce', 'the search ends at the top of a repository')
  const { mode } = await loadOwnConfigFile(join(directory, 'given.yaml'), join(directory, 'repository'))
  t.equal(mode, 'off', 'a given file takes precedence')
})

t.test('paths are relative to the file', async (t) => {
  const { clusterCa, iam, tls } = await loadOwnConfigFile(undefined, join(directory, 'repository/deploy'))
  t.equal(clusterCa, join(directory, 'repository/ca.pem'))
  t.strictSame(iam.files, [join(directory, 'repository/iam.json'), '/etc/iam.json'])
  t.equal(tls.certFile, '/etc/irsa-guard/tls/tls.crt')
})

t.test('serve and controller do not look for one', async (t) => {
  t.equal((await loadConfigFile(undefined)).mode, 'enforce')
})
