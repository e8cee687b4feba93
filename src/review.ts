import { gatherFacts, type Sources } from './facts/gather.js'
import type { Subject } from './model/subject.js'
import { rules } from './rules/index.js'
import { decide, type Mode, type Verdict } from './verdict/decide.js'
import { evaluate, needsOf } from './verdict/evaluate.js'

/** The whole idea: gather the facts that the rules need, evaluate the rules, decide. Never throws for what the world does. */
export async function review(
  subject: Subject,
  { sources, mode, at, signal }: { sources: Sources; mode: Mode; at: Date; signal: AbortSignal }
): Promise<Verdict> {
  const facts = await gatherFacts(subject, needsOf(rules, subject), { ...sources, at }, signal)
  const { findings, unchecked } = evaluate(rules, subject, facts, at)

  return decide(findings, unchecked, mode)
}
