import type { Finding } from '../model/finding.js'
import type { Step, StepName } from './diagnosis.js'
import type { Observations } from './observations.js'
import type { Told } from './step-rules.js'

/** What a step is judged by: the observations, and the findings about each step. */
export interface Scene extends Observations {
  readonly told: (step: StepName) => Told
}

/** A judged step, with the commands that fix it. */
export interface Judged extends Step {
  readonly commands?: readonly string[]
  /** Whether the pods have to be replaced after the fix, because a running pod keeps what it got. */
  readonly needsNewPods?: boolean
}

/** Judges one step. `before` holds the earlier steps. */
export type JudgeStep = (scene: Scene, before: readonly Judged[]) => Judged

export const ok = (step: StepName, message: string, remarks: readonly Finding[] = []): Judged => ({
  step,
  state: 'ok',
  message,
  ...notesOf(remarks)
})

/** A step that is wrong according to the findings. The first finding is the earliest cause. */
export function wrongBy(step: StepName, findings: readonly Finding[], more: Partial<Judged> = {}): Judged {
  const [first] = findings
  const messages = [...new Set(findings.map(({ message }) => message))]

  return {
    step,
    state: 'wrong',
    message: messages.join('; '),
    ...(first && { fix: first.fix, rule: first.rule }),
    ...more
  }
}

export const wrong = (step: StepName, message: string, more: Partial<Judged> = {}): Judged => ({
  step,
  state: 'wrong',
  message,
  ...more
})

export const follows = (step: StepName, from: StepName, message: string): Judged => ({
  step,
  state: 'follows',
  message,
  because: from
})

export const couldNotTell = (step: StepName, because: string, message = 'could not tell'): Judged => ({
  step,
  state: 'unknown',
  message,
  because
})

/**
 * Whether the association of a pod that uses EKS Pod Identity was deleted. Rules then judge the annotated
 * role for IRSA, although the pod does not use that role.
 */
export const lacksAssociation = ({ chain: { chain }, facts: { associated } }: Scene): boolean =>
  chain === 'pod-identity' && associated?.state === 'known' && !associated.value.exists

/** The first of these steps that is broken. An unknown step does not count. */
export const brokenAmong = (before: readonly Judged[], ...steps: readonly StepName[]): Judged | undefined =>
  before.find(({ step, state }) => steps.includes(step) && (state === 'wrong' || state === 'follows'))

/** The earliest step that caused a broken step, or the step itself. */
export const causeOf = ({ step, state, because }: Judged): StepName =>
  state === 'follows' ? (because as StepName) : step // `follows` names a step

const notesOf = (remarks: readonly Finding[]): { notes?: readonly string[] } =>
  remarks.length === 0 ? {} : { notes: [...new Set(remarks.map(({ message }) => message))] }
