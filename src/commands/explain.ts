import { Command } from 'commander'
import { explainError } from '../explain/explain.js'
import { explanationFormats } from '../output/explanation-text.js'
import { type Format, jsonOf } from '../output/formats.js'
import { pageTextOf } from '../output/page-text.js'
import type { Rule } from '../rules/define-rule.js'
import { rules } from '../rules/index.js'
import { closestTo } from '../text/closest.js'
import { quote } from '../text/escape.js'
import { docsUrl } from '../version.js'
import { colorOption, verboseOption } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { loadInput } from './support/read-input.js'
import { readRulePage } from './support/rule-page.js'
import { complain, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface ExplainOptions extends StyleOptions {
  readonly output?: readonly Output<Format>[]
}

export const explainCommand = (terminal: Terminal): Command =>
  new Command('explain')
    .description(
      'explain a rule, or an error message from an AWS SDK, a tool or the cluster: what it means, and its likely causes (exit codes: 0 explained, 1 unknown, 2 it could not run)'
    )
    .argument(
      '<words...>',
      'the ID of a rule, or an error message in quotes; - reads the message, or a log, from stdin'
    )
    .addOption(outputsOption(explanationFormats))
    .addOption(colorOption())
    .addOption(verboseOption())
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard explain trust-subject-mismatch
  irsa-guard explain "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
  kubectl logs deploy/cart -n shop --tail=100 | irsa-guard explain -`
    )
    .action(async (words: readonly string[], options: ExplainOptions) => {
      process.exitCode = await explain(words.join(' '), options, terminal)
    })

/**
 * Prints the page of a rule, or what an error message means (`-`: stdin). Returns the exit code: 0, or 1 if
 * irsa-guard does not recognize the text. Throws ERR_INPUT and ERR_OUTPUT.
 */
export async function explain(given: string, options: ExplainOptions, terminal: Terminal): Promise<0 | 1> {
  const { output = textOnly } = options
  const style = styleOf(options, terminal)
  const rule = rules.find(({ id }) => id === given)
  if (rule !== undefined) {
    const page = readRulePage(rule.id)
    await writeOutputs(
      output,
      ({ format }) => (format === 'json' ? jsonOf(ruleJsonOf(rule, page)) : pageTextOf(page, style, docsUrl)),
      terminal
    )
    return 0
  }

  const input = given === '-' ? await loadInput('-', terminal, 'an error message or a log') : given
  const explanation = explainError(input, rules)
  const isKnown = explanation.texts.length > 0
  const printed = isKnown ? output : output.filter(({ format }) => format !== 'text')
  await writeOutputs(printed, ({ format }) => explanationFormats[format](explanation, style), terminal)
  if (!isKnown) complain(terminal, unknownText(given))

  return isKnown ? 0 : 1
}

const ruleJsonOf = ({ id, summary, severity, docs }: Rule, page: string): object => ({
  apiVersion: 'irsa-guard.io/v1',
  kind: 'RulePage',
  rule: id,
  summary,
  severity,
  docs,
  page
})

/** The message for input that irsa-guard does not recognize. It also says what to try next. */
function unknownText(given: string): string {
  if (/^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(given)) {
    const ids = rules.map(({ id }) => id)
    const closest = closestTo(given, ids)
    const similar = closest === undefined ? ids.filter((id) => id.includes(given)).slice(0, 3) : [closest]

    return `there is no rule ${given}; ${similar.length === 0 ? `all rules: ${docsUrl}/rules` : `did you mean ${similar.join(' or ')}?`}`
  }

  return [
    `${given === '-' ? 'stdin' : quote(given.trim())} contains no error message that irsa-guard knows`,
    '  the first error in a log often says more than the last: kubectl logs POD -n NAMESPACE | irsa-guard explain -',
    '  look at the pod instead: irsa-guard diagnose pod/POD -n NAMESPACE'
  ].join('\n')
}
