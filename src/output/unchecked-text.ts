import { allRules } from '../model/finding.js'
import { escapeText } from '../text/escape.js'
import { locationOf } from './entries-text.js'
import type { UncheckedGroup } from './report.js'
import { counted, fewShown, type Style, wrapped } from './style.js'

const maxReasons = 10

/** What was not checked: one line for each reason, starting with the reasons that affect the most objects. */
export function notCheckedLines(unchecked: readonly UncheckedGroup[], style: Style): string[] {
  const reasons = [...Map.groupBy(unchecked, ({ because }) => because)]
    .map(([because, groups]) => ({ because, groups, count: mostIn(groups) }))
    .sort((one, other) => other.count - one.count)
  const shown = style.verbosity === 'verbose' ? reasons : reasons.slice(0, maxReasons)
  const hidden = reasons.length - shown.length

  return [
    ...shown.flatMap(({ because, groups, count }) =>
      wrapped(
        escapeText(
          `not checked: ${rulesOf(groups, style)} for ${counted(count, 'object')}${placesOf(groups, count, style)}: ${because}${hintOf(groups)}`
        ),
        '',
        style,
        '  '
      )
    ),
    ...(hidden === 0
      ? []
      : wrapped(`not checked for ${counted(hidden, 'other reason')} (-v lists all)`, '', style, '  '))
  ]
}

/** How many objects a reason affects. Its rules can have different counts. */
const mostIn = (groups: readonly UncheckedGroup[]): number =>
  groups.reduce((most, { count }) => Math.max(most, count), 0)

function rulesOf(groups: readonly UncheckedGroup[], style: Style): string {
  const names = groups.map(({ rule }) => rule)
  if (names.includes(allRules)) return 'all rules'

  return names.length <= fewShown || style.verbosity === 'verbose'
    ? names.join(', ')
    : counted(names.length, 'rule')
}

/** The objects, if no rule at all was checked for them. The report lists only the first few of each rule. */
function placesOf(groups: readonly UncheckedGroup[], count: number, style: Style): string {
  const isVerbose = style.verbosity === 'verbose'
  if (!isVerbose && !groups.some(({ rule }) => rule === allRules)) return ''
  const names = [...new Set(groups.flatMap(({ objects }) => objects.map(locationOf)))]
  const shown = isVerbose ? names : names.slice(0, fewShown)
  const rest = count - shown.length

  return ` (${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`
}

function hintOf(groups: readonly UncheckedGroup[]): string {
  const hint = groups.find((group) => group.hint !== undefined)?.hint

  return hint === undefined ? '' : ` (${hint})`
}
