/** The links of both chains, in the order in which they are reported. */
export const stepNames = [
  'pod',
  'service-account',
  'annotation',
  'association',
  'identity-webhook',
  'containers',
  'token',
  'agent',
  'issuer',
  'provider',
  'role',
  'trust-policy',
  'target-role',
  'permission',
  'node-role'
] as const

export type StepName = (typeof stepNames)[number]

/**
 * `follows`: the step is not right, but only because another one is wrong. `unknown`: irsa-guard could not
 * tell.
 */
export type StepState = 'ok' | 'wrong' | 'follows' | 'unknown'

/** One link of the chain. */
export interface Step {
  readonly step: StepName
  readonly state: StepState
  readonly message: string
  /** If the state is `follows`, the step that caused it. If the state is `unknown`, the reason. */
  readonly because?: string
  readonly fix?: string
  /** The rule whose finding decided the state, if one did. */
  readonly rule?: string
  /** Remarks that change nothing for this pod. */
  readonly notes?: readonly string[]
}

/** The chain that an object uses. */
export type DiagnosedChain = 'irsa' | 'pod-identity' | 'none' | 'unknown'

/** The result of `irsa-guard diagnose`. */
export interface Diagnosis {
  readonly apiVersion: 'irsa-guard.io/v1'
  readonly kind: 'Diagnosis'
  readonly subject: { readonly kind: string; readonly namespace: string; readonly name: string }
  /** The pod that was examined, if the subject itself is not a pod. */
  readonly pod?: string
  readonly chain: DiagnosedChain
  /** Why the diagnosis follows that chain. */
  readonly because: string
  /** One sentence that states which identity the pod has, and the first step that is wrong. */
  readonly headline: string
  /** The ARN of the role that the pod's AWS calls use now, if it is known for certain. */
  readonly runsAs?: string
  /** The first step whose state is `wrong`. */
  readonly first?: StepName
  readonly steps: readonly Step[]
  /** Commands that fix what is wrong, in the order in which to run them. */
  readonly fix: readonly string[]
}
