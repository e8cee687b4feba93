import { commandFor } from './commands.js'
import type { ErrorText } from './error-text.js'
import { errorTexts } from './error-texts.js'
import { matchErrorTexts } from './match.js'
import type { Values } from './values.js'

/** A likely cause, and the command that shows whether it is the cause. */
export interface LikelyCause {
  readonly rule?: string
  readonly why: string
  readonly command: string
}

/** A known error text in an input, with its causes, most likely first. */
export interface ExplainedText extends Pick<ErrorText, 'id' | 'means' | 'chain' | 'printedBy' | 'source'> {
  readonly causes: readonly LikelyCause[]
}

/** What is known about an input. If `texts` is empty, nothing is known. */
export interface Explanation {
  readonly texts: readonly ExplainedText[]
  readonly values: Values
}

/** The parts of a rule that an explanation shows. */
export interface NamedRule {
  readonly id: string
  readonly summary: string
  readonly docs: string
}

/**
 * Finds the known error texts in an input, and the rules that it names: irsa-guard's own messages contain the
 * rule's ID. Takes linear time; never throws.
 */
export function explainError(input: string, rules: readonly NamedRule[]): Explanation {
  const { texts, values } = matchErrorTexts(input, errorTexts)
  const named = new Set(input.split(/[^a-z0-9-]+/))
  const own = rules.filter(({ id }) => named.has(id)).map(ownMessageOf)
  const others = texts
    .filter(({ isVague }) => own.length === 0 || !isVague)
    .map(({ id, means, chain, printedBy, source, causes }) => ({
      id,
      means,
      chain,
      printedBy,
      source,
      causes: causes.map(({ rule, why, ask }) => ({
        ...(rule !== undefined && { rule }),
        why,
        command: commandFor(ask, values)
      }))
    }))

  return { texts: [...own, ...others], values }
}

const ownMessageOf = ({ id, summary, docs }: NamedRule): ExplainedText => ({
  id: 'irsa-guard-finding',
  means: 'irsa-guard found this problem',
  chain: 'both',
  printedBy: 'irsa-guard',
  source: docs,
  causes: [{ rule: id, why: summary, command: `irsa-guard explain ${id}` }]
})
