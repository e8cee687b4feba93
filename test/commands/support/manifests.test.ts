import { Readable } from 'node:stream'
import t from 'tap'
import { readManifests } from '../../../src/commands/support/manifests.js'

const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: cart, namespace: shop }\n'
const directory = t.testdir({
  'a.yaml': account,
  charts: {
    shop: {
      'Chart.yaml': 'name: shop\n',
      'values.yaml': 'a: b\n',
      templates: { 'a.yaml': '{{ if .Values.a }}\n' }
    }
  },
  overlays: { prod: { 'kustomization.yaml': 'resources: [account.yaml]\n', 'account.yaml': account } },
  'only chart': { 'Chart.yaml': 'name: shop\n' }
})
const read = async (...paths: readonly string[]) =>
  readManifests(paths, { stdin: Readable.from([]), stdout: () => undefined, stderr: () => undefined })
const chart = `${directory}/charts/shop`
const overlay = `${directory}/overlays/prod`

t.test(
  'names the charts and kustomizations in a directory, with the command that renders them',
  async (t) => {
    const { objects, complaints, notes } = await read(
      `${directory}/a.yaml`,
      `${directory}/charts`,
      `${directory}/overlays`
    )
    t.strictSame(
      objects.map(({ file }) => file),
      [`${directory}/a.yaml`, `${overlay}/account.yaml`]
    )
    t.strictSame(complaints, [])
    t.strictSame(notes, [
      `${chart} is a Helm chart and was not checked; to check what it renders: helm template ${chart} | irsa-guard check -`,
      `${overlay} is a kustomization and was not built, so only its files were checked; to check what it builds: kubectl kustomize ${overlay} | irsa-guard check -`
    ])
  }
)

t.test('a directory with nothing but a chart could not be checked', async (t) => {
  const only = `${directory}/only chart`
  t.strictSame(await read(only), {
    objects: [],
    complaints: [
      `${only} is a Helm chart and was not checked; to check what it renders: helm template DIRECTORY | irsa-guard check -`,
      `no Kubernetes objects in ${only}`
    ],
    notes: []
  })
})

t.test('a chart that is given as a directory is named as well', async (t) => {
  t.match(await read(chart), {
    complaints: [/ is a Helm chart and was not checked; /, /^no Kubernetes objects/]
  })
})
