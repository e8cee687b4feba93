import { gatherFacts } from './facts/gather.js'
import type { Facts, Sources } from './facts/facts.js'
import type { Severity } from './model/finding.js'
import type { Mode } from './model/namespace.js'
import type { Subject } from './model/subject.js'
import { rules } from './rules/index.js'
import { decide, type Verdict } from './verdict/decide.js'
import { evaluate, needsOf } from './verdict/evaluate.js'

/** What a review works with besides the subject. `mode` holds where the namespace says nothing else. */
export interface ReviewContext {
  readonly sources: Sources
  readonly mode: Mode
  readonly severities?: ReadonlyMap<string, Severity | 'off'>
  readonly at: Date
  readonly signal: AbortSignal
}

/** The whole idea: gather the facts that the rules need, evaluate the rules, decide. Never throws for what the world does. */
export async function review(subject: Subject, { sources, mode, severities, at, signal }: ReviewContext): Promise<Verdict> {
  const facts = await gatherFacts(subject, needsOf(rules, subject), { ...sources, at }, signal)
  const { findings, unchecked } = evaluate(rules, subject, facts, { at, severities })
  if (facts.namespace?.state === 'unknown') unchecked.push({ rule: 'irsa-guard.io/mode', because: facts.namespace.because })

  return decide(findings, unchecked, modeOf(facts.namespace, mode))
}

/** The namespace's own mode. One that could not be read never denies: it may be a namespace that asked to be left alone. */
function modeOf(namespace: Facts['namespace'], otherwise: Mode): Mode {
  if (namespace?.state === 'known') return namespace.value.mode ?? otherwise
  if (namespace?.state === 'unknown' && otherwise === 'enforce') return 'warn'

  return otherwise
}
