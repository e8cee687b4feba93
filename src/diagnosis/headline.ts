import { parseRoleArn } from '../model/role-arn.js'
import type { DiagnosedChain, StepName } from './diagnosis.js'
import type { Judged, Scene } from './scene.js'
import { fallbackRoleOf } from './steps/node-role.js'

/**
 * For each chain, the steps that have to be right so that a container with the chain's environment variables
 * gets the role.
 */
const assumption: Readonly<Record<DiagnosedChain, readonly StepName[]>> = {
  irsa: ['token', 'issuer', 'provider', 'role', 'trust-policy'],
  'pod-identity': ['agent', 'role', 'trust-policy', 'target-role'],
  none: [],
  unknown: []
}
/**
 * The steps that must be known to be right. The other steps must not be wrong. They may be unknown, because
 * this machine may be unable to reach the issuer.
 */
const certain: ReadonlySet<StepName> = new Set([
  'containers',
  'agent',
  'provider',
  'role',
  'trust-policy',
  'target-role'
])

/** The identity that a pod has. */
export interface Identity {
  /** The role that its calls use now, if it is known for certain. */
  readonly runsAs: string | undefined
  /** Whether that is the role of the node. */
  readonly isFallback: boolean
  /** The role that it should have, if it is known. */
  readonly wanted: string | undefined
}

/** The identity that the pod has, according to its steps. */
export function identityOf(scene: Scene, steps: readonly Judged[]): Identity {
  const wanted = wantedRole(scene)
  const stateOf = (name: StepName): Judged['state'] | undefined =>
    steps.find(({ step }) => step === name)?.state
  const { chain } = scene.chain
  if (chainOfPod(scene) === chain && scene.pod.state === 'known') {
    const needed = assumption[chain]
    const isOutdated = scene
      .told('containers')
      .remarks.some(({ rule }) => rule === 'pod-identity-pod-outdated')
    const gets = [...needed, 'containers' as const].every((name) => {
      const state = stateOf(name)
      return state === undefined || state === 'ok' || (state === 'unknown' && !certain.has(name))
    })
    return { runsAs: gets && !isOutdated ? wanted : undefined, isFallback: false, wanted }
  }
  const isBare = scene.pod.state === 'known' && chainOfPod(scene) === 'none' && !hasKeys(steps)
  const fallback = isBare ? fallbackRoleOf(scene) : undefined

  return { runsAs: fallback, isFallback: fallback !== undefined, wanted }
}

const hasKeys = (steps: readonly Judged[]): boolean =>
  steps.some(({ step, rule }) => step === 'containers' && rule === 'static-credentials-shadow-role')

const chainOfPod = ({ podFacts: { chain } }: Scene): DiagnosedChain | undefined =>
  chain?.state === 'known' ? chain.value.chain : undefined

function wantedRole({ chain, facts, request }: Scene): string | undefined {
  if (chain.chain === 'pod-identity') {
    const association = facts.association?.state === 'known' ? facts.association.value : undefined
    return association?.targetRoleArn ?? association?.roleArn
  }
  const role = request.state === 'known' ? request.value?.role : undefined

  return role !== undefined && parseRoleArn(role) !== undefined ? role : undefined
}

/** The name of a step in a sentence. */
const shownStep = (step: StepName): string => step.replaceAll('-', ' ')

/** One sentence that states which identity the pod has, and the first step that is wrong. */
export function headlineOf(scene: Scene, steps: readonly Judged[], identity: Identity): string {
  const { subject, pod } = scene
  const who =
    pod.state === 'known'
      ? `${subject.namespace}/${pod.value.name}`
      : `${subject.kind.toLowerCase()} ${subject.namespace}/${subject.name}`
  const first = steps.find(({ state }) => state === 'wrong')
  const because = first === undefined ? '' : `; first wrong: ${shownStep(first.step)}`
  const { runsAs, isFallback, wanted } = identity
  if (isFallback) return `${who} runs as ${runsAs ?? ''}, the role of its node${because}`
  if (runsAs !== undefined) return `${who} runs as ${runsAs}${because}`
  const hasContainers = steps.some(({ step, state }) => step === 'containers' && state === 'ok')
  if (first !== undefined && wanted !== undefined)
    return hasContainers
      ? `${who} asks for ${wanted}, but does not get it${because}`
      : `${who} does not run as ${wanted}${because}`
  if (first !== undefined) return `${who} has no AWS role${because}`
  const unknown = steps.filter(({ state, step }) => state === 'unknown' && step !== 'permission')
  if (wanted === undefined) return `${who}: ${scene.chain.because}`

  return unknown.length === 0
    ? `${who} is set up to run as ${wanted}`
    : `${who} is set up to run as ${wanted}; could not tell: ${unknown.map(({ step }) => shownStep(step)).join(', ')}`
}
