import { wayOf } from '../migration/steps.js'
import type { DiagnosedChain, Diagnosis, Step } from './diagnosis.js'
import { headlineOf, identityOf } from './headline.js'
import type { Observations } from './observations.js'
import type { Judged, Scene } from './scene.js'
import { toldOf } from './step-rules.js'
import { agentStep } from './steps/agent.js'
import { annotationStep } from './steps/annotation.js'
import { associationStep } from './steps/association.js'
import { containersStep } from './steps/containers.js'
import { identityWebhookStep } from './steps/identity-webhook.js'
import { issuerStep } from './steps/issuer.js'
import { nodeRoleStep } from './steps/node-role.js'
import { permissionStep } from './steps/permission.js'
import { isCrashing, podStep } from './steps/pod.js'
import { providerStep } from './steps/provider.js'
import { roleStep } from './steps/role.js'
import { serviceAccountStep } from './steps/service-account.js'
import { targetRoleStep } from './steps/target-role.js'
import { tokenStep } from './steps/token.js'
import { trustPolicyStep } from './steps/trust-policy.js'

type StepOrNone = (scene: Scene, before: readonly Judged[]) => Judged | undefined

const start = [podStep, serviceAccountStep] as const
const end = [nodeRoleStep] as const

/** The steps of each chain, in the order in which a role reaches a container. */
const stepsOf: Readonly<Record<DiagnosedChain, readonly StepOrNone[]>> = {
  irsa: [
    ...start,
    ...[annotationStep, associationStep, identityWebhookStep, containersStep, tokenStep],
    ...[issuerStep, providerStep, roleStep, trustPolicyStep, permissionStep],
    ...end
  ],
  'pod-identity': [
    ...start,
    ...[associationStep, identityWebhookStep, containersStep, agentStep],
    ...[roleStep, trustPolicyStep, targetRoleStep, permissionStep],
    ...end
  ],
  none: [...start, annotationStep, associationStep, containersStep, ...end],
  unknown: [...start, annotationStep, associationStep, identityWebhookStep, containersStep, ...end]
}

/** Diagnoses an object from what was read about it. Never throws. */
export function diagnosisOf(observations: Observations): Diagnosis {
  const scene: Scene = { ...observations, told: toldOf(observations.findings) }
  const judged: Judged[] = []
  for (const judge of stepsOf[scene.chain.chain]) {
    const step = judge(scene, judged)
    if (step !== undefined) judged.push(step)
  }
  const steps = judged.map((step) => (step.step === 'pod' ? podAmong(scene, step, judged) : step))
  const identity = identityOf(scene, steps)
  const first = steps.find(({ state }) => state === 'wrong')
  const { subject, pod, chain } = scene

  return {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Diagnosis',
    subject,
    ...(pod.state === 'known' && subject.kind !== 'Pod' && { pod: pod.value.name }),
    ...chain,
    headline: headlineOf(scene, steps, identity),
    ...(identity.runsAs !== undefined && { runsAs: identity.runsAs }),
    ...(first && { first: first.step }),
    steps: steps.map((step) => stepOf(step, scene)),
    fix: commandsOf(scene, steps)
  }
}

/**
 * Judges the step `pod` again when the later steps are known. A wrong later step explains why containers
 * crash, and it may explain why no pod can be created.
 */
function podAmong({ pod, creationFailure }: Scene, step: Judged, steps: readonly Judged[]): Judged {
  const later = steps.find(({ step, state }) => step !== 'pod' && state === 'wrong')
  const isBlocked =
    creationFailure !== undefined &&
    (later?.step === 'service-account' ||
      (later?.step === 'identity-webhook' && creationFailure.includes('webhook')))
  if (step.state === 'wrong') {
    if (!isBlocked) return step
    const { step: name, message } = step // the later step states the fix
    return { step: name, message, state: 'follows', because: later.step }
  }
  if (pod.state !== 'known' || !isCrashing(pod.value) || step.state !== 'ok') return step

  return later === undefined
    ? {
        ...step,
        state: 'unknown',
        because: 'nothing in the chain explains why the containers fail; their logs may'
      }
    : { ...step, state: 'follows', because: later.step }
}

/** The commands for every wrong step, in order, and then the commands that replace the pods. */
function commandsOf(scene: Scene, steps: readonly Judged[]): string[] {
  const wrong = steps.filter(({ state }) => state === 'wrong')
  const commands = wrong.flatMap(({ commands = [] }) => commands)
  const containersOk = steps.some(({ step, state }) => step === 'containers' && state === 'ok')
  const needsNewPods = wrong.some(
    ({ step, needsNewPods }) => needsNewPods === true && !(step === 'identity-webhook' && containersOk)
  )
  if (!needsNewPods || scene.pod.state !== 'known') return [...new Set(commands)]

  // If no command fixes a wrong step, that step has to be fixed before new pods help.
  const isFixed = wrong.every(
    ({ step, commands = [], needsNewPods }) =>
      commands.length > 0 || step === 'containers' || needsNewPods !== true
  )
  const restarts = isFixed
    ? scene.runners.flatMap((runner) => wayOf(runner, scene.tools.kubectl).command ?? [])
    : []
  const { namespace, name } = scene.account
  const wait = `irsa-guard wait sa/${name} -n ${namespace}${scene.tools.waitFlags}`

  return [
    ...new Set([
      ...commands,
      // An association or a change to the identity webhook takes effect only after a few seconds.
      ...restarts.map((restart, index) => (index === 0 ? `${wait} && ${restart}` : restart))
    ])
  ]
}

/**
 * A judged step in the form that the diagnosis shows. If no command can replace the pods, the `containers` step
 * says how to replace them.
 */
function stepOf(step: Judged, scene: Scene): Step {
  const { step: name, state, message, because, fix, rule, notes, needsNewPods } = step
  const shown: Step = {
    step: name,
    state,
    message,
    ...(because !== undefined && { because }),
    ...(fix !== undefined && { fix }),
    ...(rule !== undefined && { rule }),
    ...(notes && { notes })
  }
  if (name !== 'containers' || needsNewPods !== true || scene.pod.state !== 'known') return shown
  const advice = scene.runners.flatMap((runner) => wayOf(runner, scene.tools.kubectl).advice ?? [])

  return advice.length === 0
    ? shown
    : { ...shown, fix: [...(fix === undefined ? [] : [fix]), ...advice].join('; ') }
}
