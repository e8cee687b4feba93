// Plays the incident with a real API server and real kubectl: npm run demo, npm run demo -- --keep
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { styleText } from 'node:util'
import { fileURLToPath } from 'node:url'
import { startGuard } from '../control-plane/guard.ts'
import { findBinaries } from '../control-plane/binaries.ts'
import { startControlPlane } from '../control-plane/start.ts'

process.chdir(fileURLToPath(new URL('..', import.meta.url))) // the commands that are shown name files from here
const keep = process.argv.includes('--keep')
const unknownFlag = process.argv.slice(2).find((flag) => flag !== '--keep')
if (unknownFlag !== undefined) {
  console.error(`unknown argument ${unknownFlag}; known is --keep, which leaves everything running`)
  process.exit(2)
}

const controlPlane = await startControlPlane()
const undo: (() => Promise<void>)[] = [() => controlPlane.stop()]
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
  const iam = resolve('examples/iam.json')
  say(`A Kubernetes API server runs at ${controlPlane.url}. IAM is the file examples/iam.json.`)

  const guard = await startGuard(controlPlane, { config: { iam: { files: [iam] } } })
  undo.push(() => guard.stop())
  say('irsa-guard is installed from manifests/, and the API server asks it.')

  await kubectl(['create', 'namespace', 'shop'], 'ok', 'A namespace to play in.')
  await apply('healthy.yaml', 'ok', 'The role exists: accepted in silence.')
  await apply('policy-arn.yaml', 'denied', 'The ARN of a policy in place of a role: every AWS call of the pod would be refused.')
  await apply('other-partition.yaml', 'denied', 'A role of another AWS partition: no token crosses partitions.')
  await apply(
    'no-role-yet.yaml',
    'warned',
    'The role does not exist (yet): Helm or Terraform may make it in a moment, so this is a warning.'
  )
}

type Outcome = 'ok' | 'denied' | 'warned'

async function apply(file: string, expected: Outcome, why: string): Promise<void> {
  console.log(styleText('dim', readFileSync(`examples/demo/${file}`, 'utf8').trimEnd().replaceAll(/^/gm, '    ')))
  await kubectl(['apply', '-f', `examples/demo/${file}`], expected, why)
}

/** Shows a command, its answer and why; the demo ends when the answer is not the expected one. */
async function kubectl(args: string[], expected: Outcome, why: string): Promise<void> {
  console.log(styleText('bold', `$ kubectl ${args.join(' ')}`))
  const { code, stdout, stderr } = await controlPlane.kubectl(args)
  process.stdout.write(stdout + stderr)
  const outcome = code !== 0 ? 'denied' : stderr.includes('Warning: ') ? 'warned' : 'ok'
  const color = { ok: 'green', warned: 'yellow', denied: 'red' } as const
  console.log(styleText(color[outcome], `  → ${why}\n`))
  if (outcome !== expected) throw new Error(`this should have been ${expected}, and was ${outcome}`)
}

function say(text: string): void {
  console.log(`\n${styleText('bold', text)}\n`)
}

async function wait(): Promise<void> {
  const { kubectl: binary } = await findBinaries()
  say('Everything is left running. Play with it:')
  console.log(
    `  export KUBECONFIG=${controlPlane.kubeconfig} PATH=${dirname(binary)}:$PATH\n  kubectl get validatingwebhookconfigurations\n\nCtrl+C ends it.`
  )
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
