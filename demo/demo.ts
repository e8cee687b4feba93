// Replays the incident with a real API server and the real kubectl: npm run demo, npm run demo -- --keep
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { findBinaries } from '../test/control-plane/binaries.ts'
import { findFreePort } from '../test/control-plane/free-port.ts'
import { type Guard, startGuard } from '../test/control-plane/guard.ts'
import { startIdentityWebhook } from '../test/control-plane/identity-webhook.ts'
import { findIdentityWebhook } from '../test/control-plane/identity-webhook-binary.ts'
import { run } from '../test/control-plane/run.ts'
import { startControlPlane } from '../test/control-plane/start.ts'
import { waitFor } from '../test/control-plane/wait.ts'

process.chdir(fileURLToPath(new URL('..', import.meta.url))) // the commands shown use paths relative to this folder
const keep = process.argv.includes('--keep')
const unknownFlag = process.argv.slice(2).find((flag) => flag !== '--keep')
if (unknownFlag !== undefined) {
  console.error(`unknown argument ${unknownFlag}; expected only --keep, which leaves everything running`)
  process.exit(2)
}

const podRole = [
  ...['create', '--dry-run=server', '-f', 'demo/healthy-pod.yaml'],
  ...['-o', 'jsonpath={.spec.containers[0].env[?(@.name=="AWS_ROLE_ARN")].value}']
]
const events = ['get', 'events', '--field-selector', 'involvedObject.kind=MutatingWebhookConfiguration']

const signals = ['SIGINT', 'SIGTERM'] as const
const abandon = (): never => process.exit(130) // everything that was started ends with this process
for (const signal of signals) process.once(signal, abandon)

const controlPlane = await startControlPlane()
const undo: (() => Promise<void>)[] = [() => controlPlane.stop()]
const iamFile = join(controlPlane.folder, 'iam.json')
let guard: Guard
let failed = false
try {
  await play()
} catch (error) {
  failed = true
  console.error(error instanceof Error ? error.message : error)
}
if (keep && !failed) await wait()
for (let last = undo.pop(); last; last = undo.pop()) await last()
process.exitCode = failed ? 1 : 0

async function play(): Promise<void> {
  say(`A Kubernetes API server runs at ${controlPlane.url}. IAM is a copy of examples/iam.json.`)

  const port = await findFreePort(23443) // the port that EKS uses, unless it is taken
  const identityWebhook = await startIdentityWebhook(controlPlane, {
    port,
    command: await identityWebhookCommand()
  })
  undo.push(() => identityWebhook.stop())
  await copyFile('examples/iam.json', iamFile)
  guard = await startGuard(controlPlane, { config: { iam: { files: [iamFile] } } })
  undo.push(() => guard.stop())
  say(
    'irsa-guard is installed from manifests/, and the API server calls it. Where a message names the command irsa-guard, run node dist/cli.js in a checkout.'
  )

  await kubectl(['create', 'namespace', 'shop'], 'ok', 'Create a namespace for the demo.')
  await apply(
    'healthy.yaml',
    'ok',
    'The role exists and trusts this service account: admitted without a warning.'
  )
  await kubectl(
    podRole,
    'ok',
    'A pod with that service account gets the role: the identity webhook works.',
    /role\/team\/cart/
  )

  say('Mistakes in service accounts')
  await apply(
    'policy-arn.yaml',
    'denied',
    'The ARN of a policy instead of a role: every AWS call of the pod would fail.'
  )
  await apply(
    'other-partition.yaml',
    'denied',
    'A role in AWS China for a cluster in us-east-1: tokens do not work across partitions.'
  )
  await apply(
    'other-namespace.yaml',
    'denied',
    'The role trusts only shop/cart: STS would reject the token of this service account.'
  )
  await apply(
    'no-role-yet.yaml',
    'warned',
    'The role does not exist yet: Terraform or ACK may create it shortly, so this is a warning.'
  )

  say("The incident: someone pastes another cluster's CA into the identity webhook's configuration")
  const wrong = await wrongBundle()
  await waitFor(
    'the accepted bundles',
    async () => (await controlPlane.kubectl(['get', 'webhooktrust', 'cluster'])).code === 0
  )
  await kubectl(
    patchOf(wrong),
    'denied',
    'With it, the API server could not call the identity webhook, and would silently skip it.'
  )

  await Promise.all([guard.stopServe(), guard.stopController()])
  await kubectl(
    ['delete', '-f', 'manifests/ca-bundle-deny.yaml'],
    'ok',
    'Now without irsa-guard: its policy is deleted and its processes are stopped.'
  )
  await waitFor(
    'the policy to be gone',
    async () => (await controlPlane.kubectl([...patchOf(wrong), '--dry-run=server'])).code === 0
  )
  await kubectl(patchOf(wrong), 'ok', 'The same patch is admitted without a warning.')
  await waitFor(
    'the API server to use it',
    async () => !(await controlPlane.kubectl(podRole)).stdout.includes('role/team/cart')
  )
  await kubectl(
    podRole,
    'ok',
    "The next pod has no role. Nothing failed, but the pod's AWS calls would use the node's role or fail.",
    /^$/
  )

  say('irsa-guard is back')
  await kubectl(['apply', '-f', 'manifests/ca-bundle-deny.yaml'], 'ok', 'Apply the policy again.')
  await Promise.all([guard.startServe(), guard.startController()])
  await waitFor(
    'the Event',
    async () => (await controlPlane.kubectl(events)).stdout.includes('CABundleForeign'),
    60_000
  )
  await kubectl(
    events,
    'ok',
    'Within a minute, the controller found the unexpected bundle, which was written while the controller was stopped.'
  )

  const fix = await run(process.execPath, [
    'dist/cli.js',
    'ca',
    'mutatingwebhookconfiguration/pod-identity-webhook',
    '--fix',
    '--kubeconfig',
    controlPlane.kubeconfig
  ])
  show('irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook --fix', fix.text)
  console.log(styleText('green', '  → The expected bundle, as a patch.\n'))
  await kubectl(printedPatch(fix.stdout), 'ok', 'The printed patch passes the policy.')
  await waitFor('the API server to use it', async () =>
    (await controlPlane.kubectl(podRole)).stdout.includes('role/team/cart')
  )
  await kubectl(podRole, 'ok', 'The next pod has its role again.', /role\/team\/cart/)
  await kubectl(
    ['apply', '-f', 'demo/policy-arn.yaml'],
    'denied',
    'Mistakes in service accounts are denied again, too.'
  )
}

function patchOf(bundle: string): string[] {
  const value = Buffer.from(bundle).toString('base64')
  const patch = JSON.stringify([{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value }])

  return ['patch', 'mutatingwebhookconfiguration', 'pod-identity-webhook', '--type=json', '-p', patch]
}

/** The arguments of the `kubectl patch` that `ca --fix` prints. */
function printedPatch(answer: string): string[] {
  const [, command = '', patch = ''] = /^kubectl .*?(patch .*) '(\[.*\])'$/m.exec(answer) ?? []
  if (command === '') throw new Error('ca --fix printed no patch')

  return [...command.split(' '), patch]
}

/** Another CA with the subject of the cluster's CA. The CAs of all EKS clusters have the same subject. */
async function wrongBundle(): Promise<string> {
  return (await controlPlane.createClusterCa()).certificatePem
}

/** The real identity webhook if it can be built here; otherwise this repository's stand-in. */
async function identityWebhookCommand(): Promise<[string, ...string[]]> {
  try {
    const real = await findIdentityWebhook()
    say(`The identity webhook is the real one: ${real}`)
    return [real]
  } catch {
    say(
      "The identity webhook is this repository's stand-in, which mutates pods like the real one. The real one could not be built here."
    )
    return [process.execPath, resolve('test/control-plane/identity-webhook-stand-in.ts')]
  }
}

type Outcome = 'ok' | 'denied' | 'warned'

async function apply(file: string, expected: Outcome, why: string): Promise<void> {
  console.log(styleText('dim', readFileSync(`demo/${file}`, 'utf8').trimEnd().replaceAll(/^/gm, '    ')))
  await kubectl(['apply', '-f', `demo/${file}`], expected, why)
}

/**
 * Runs kubectl, and shows the command, its output and an explanation. Throws if the outcome is unexpected.
 */
async function kubectl(args: string[], expected: Outcome, why: string, output = /(?:)/): Promise<void> {
  const { code, stdout, stderr, text } = await controlPlane.kubectl(args)
  show(`kubectl ${args.map(quoted).join(' ')}`, text)
  const outcome = code !== 0 ? 'denied' : stderr.includes('Warning: ') ? 'warned' : 'ok'
  const color = { ok: 'green', warned: 'yellow', denied: 'red' } as const
  console.log(styleText(color[outcome], `  → ${why}\n`))
  if (outcome !== expected) throw new Error(`the outcome should have been ${expected}, but was ${outcome}`)
  if (!output.test(stdout)) throw new Error(`the output should have matched ${output.source}`)
}

function show(command: string, answer: string): void {
  const line = answer === '' ? '(nothing)' : answer.trimEnd()
  console.log(`${styleText('bold', `$ ${command}`)}\n${line}`)
}

/** An argument as one would type it, with a long caBundle shortened. */
function quoted(argument: string): string {
  const short = argument.replace(/[A-Za-z0-9+/=]{80,}/, (base64) => `${base64.slice(0, 20)}…`)

  return /^[\w@%+=:,./-]+$/.test(short) ? short : `'${short}'`
}

function say(text: string): void {
  console.log(`\n${styleText('bold', text)}\n`)
}

async function wait(): Promise<void> {
  const { kubectl: binary } = await findBinaries()
  say('Everything is still running. Try it out:')
  console.log(`  export KUBECONFIG=${controlPlane.kubeconfig} PATH=${dirname(binary)}:$PATH
  alias irsa-guard='${process.execPath} ${resolve('dist/cli.js')}'
  kubectl get validatingwebhookconfigurations
  irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook

  IAM:     ${iamFile} (serve restarts when you save it)
  metrics: ${guard.serveHealth}/metrics, ${guard.controllerHealth}/metrics
  logs:    ${join(guard.folder, 'serve.log')}, ${join(guard.folder, 'controller.log')}

Ctrl+C ends it.`)
  let restarted: Promise<void> = Promise.resolve()
  watchFile(iamFile, { interval: 500 }, () => {
    restarted = restarted
      .then(() => guard.stopServe())
      .then(() => guard.startServe())
      .catch((error: unknown) => console.error(error instanceof Error ? error.message : error))
  })
  await new Promise<void>((resolve) => {
    for (const signal of signals) process.off(signal, abandon).once(signal, () => resolve())
  })
  unwatchFile(iamFile)
  await restarted
}
