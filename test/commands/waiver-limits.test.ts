// One configuration limits the waivers of serve, check and scan.
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import t from 'tap'
import { runCli } from '../support/run-cli.js'
import { accountReviewOf, postReview, startServeProcess } from '../support/serve-process.js'

const annotations = {
  'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart',
  'ignore.irsa-guard.io/role-arn-malformed': 'the role comes later'
}
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'shop', annotations }
}
const settings: readonly (readonly [config: string, because: RegExp | undefined])[] = [
  ['mode: enforce', undefined],
  [
    'waivers: { excludedRules: [role-arn-malformed] }',
    /is not in effect: the configuration of irsa-guard allows no waivers of this rule/
  ],
  [
    'waivers: { namespaces: [pay] }',
    /is not in effect: the configuration of irsa-guard allows no waivers in namespace shop/
  ],
  [
    'waivers: { requireExpiry: true }',
    /is not in effect: the configuration of irsa-guard requires an end date/
  ]
]

for (const [config, because] of settings) {
  t.test(config, async (t) => {
    const directory = t.testdir({ 'account.json': JSON.stringify(account) })
    const configFile = `${directory}/config.yaml`
    writeFileSync(configFile, config)
    for (const command of ['check', 'scan']) {
      const { code, stdout, stderr } = await runCli([
        command,
        `${directory}/account.json`,
        '--config',
        configFile
      ])
      t.equal(code, because === undefined ? 0 : 1, `${command} ${stderr}`)
      if (because !== undefined) t.match(stdout.replace(/\s+/g, ' '), because, command)
    }

    const { port } = await startServeProcess(t, { config })
    const agent = new Agent()
    t.teardown(() => agent.destroy())
    const { text } = await postReview(port, agent, accountReviewOf(annotations))
    const { response } = JSON.parse(text) as { response: { allowed: boolean; status?: { message: string } } }
    t.equal(response.allowed, because === undefined, 'serve')
    if (because !== undefined) t.match(response.status?.message, because, 'serve')
  })
}
