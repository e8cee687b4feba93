import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { serve } from '../../src/commands/serve.js'
import { buildLiveAws } from '../../src/commands/support/live-aws.js'
import { parseConfig } from '../../src/config.js'
import { eksAssociation, startFakeEks } from '../support/fake-eks.js'

const log = pino({ level: 'silent' })
const arn = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'

for (const name of Object.keys(process.env))
  if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name)
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIAOWN',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent'
})

t.test('serve reads the associations of the configured cluster, and of no other', async (t) => {
  const eks = await startFakeEks()
  t.teardown(() => eks.close())
  eks.associations.set('a-1', eksAssociation('a-1', 'cart'))
  process.env['AWS_ENDPOINT_URL'] = eks.url
  const directory = t.testdir()
  const start = async (more: string): ReturnType<typeof serve> => {
    writeFileSync(
      `${directory}/config.yaml`,
      `server: { port: 0, healthPort: 0 }\ntls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }\n${more}`
    )
    return serve(
      { config: `${directory}/config.yaml`, iam: [] },
      { environment: { HOME: directory }, log, drain: 0 }
    )
  }
  const metricsOf = async ({ healthPort }: Awaited<ReturnType<typeof serve>>): Promise<string> =>
    (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text()

  const without = await start('')
  await sleep(100)
  t.strictSame(eks.operations, [], 'without a cluster nothing is read')
  await without.close()

  writeFileSync(
    `${directory}/iam.json`,
    JSON.stringify({
      ...{ apiVersion: 'irsa-guard.io/v1', kind: 'IamSnapshot', associations: [] },
      cluster: { name: 'prod', arn }
    })
  )
  const fromFile = await start(`eks: { clusterArn: '${arn}' }\niam: { files: ['${directory}/iam.json'] }\n`)
  await sleep(100)
  t.strictSame(eks.operations, [], 'an IAM file with associations replaces EKS')
  await fromFile.close()

  const serving = await start(`eks: { clusterArn: '${arn}', endpoint: '${eks.url}' }\n`)
  t.teardown(() => serving.close())
  const expected =
    'irsa_guard_eks_requests_total{operation="DescribePodIdentityAssociation",result="found"} 1\n'
  for (let tries = 0; tries < 100 && !(await metricsOf(serving)).includes(expected); tries++) await sleep(100)
  const metrics = await metricsOf(serving)
  t.match(metrics, expected)
  t.match(
    metrics,
    'irsa_guard_eks_requests_total{operation="ListPodIdentityAssociations",result="found"} 1\n'
  )
  t.match(metrics, 'irsa_guard_iam_requests_total{operation="GetCallerIdentity",result="found"}')
})

t.test('a command with --aws reads them too, if it knows the cluster', async (t) => {
  const eks = await startFakeEks()
  t.teardown(() => eks.close())
  eks.associations.set('a-1', eksAssociation('a-1', 'cart'))
  process.env['AWS_ENDPOINT_URL'] = eks.url
  const config = parseConfig(`eks: { clusterArn: '${arn}' }`, 'config.yaml', [])
  const { associations } = await buildLiveAws(config, config.eks.clusterArn, () => undefined)
  const ask = { namespace: 'shop', deadline: new AbortController() }
  t.match(await associations?.findAssociation({ namespace: 'shop', name: 'cart' }, ask), {
    value: { exists: true, since: new Date('2026-11-01T00:00:00Z') }
  })
  t.equal((await buildLiveAws(config, undefined, () => undefined)).associations, undefined)
})
