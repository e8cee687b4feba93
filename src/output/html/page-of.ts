import type { Rule } from '../../rules/define-rule.js'
import { escapeText } from '../../text/escape.js'
import type { Cause } from '../causes.js'
import type { ObjectReference, Report, ReportedFinding, UncheckedGroup } from '../report.js'
import { chainOf } from './chain-links.js'
import { nameOf, type Page, type PageCause, type PageObject, type PageUnchecked } from './page.js'

/** What the HTML report shows of a report. */
export function pageOf(report: Report, rules: readonly Rule[]): Page {
  const findings = Map.groupBy(report.findings, ({ cause }) => cause)
  const shown = new Set(report.causes.map(({ rule }) => rule))
  const pageRules: Page['rules'] = Object.fromEntries(
    rules.filter(({ id }) => shown.has(id)).map(({ id, summary, docs }) => [id, { title: summary, docs }])
  )
  const causes = report.causes.flatMap((cause) => {
    const [first, ...others] = findings.get(cause.id) ?? []

    return first === undefined ? [] : [pageCauseOf(cause, [first, ...others], pageRules[cause.rule]?.title)]
  })

  return {
    rules: pageRules,
    causes: causes.filter(({ waived }) => waived === undefined),
    waived: causes.filter(({ waived }) => waived !== undefined),
    unchecked: uncheckedOf(report.unchecked)
  }
}

function pageCauseOf(
  cause: Cause,
  findings: readonly [ReportedFinding, ...(readonly ReportedFinding[])],
  title: string | undefined
): PageCause {
  const [{ waived }] = findings
  const chain = chainOf(findings[0])
  const fields = new Set(findings.map((finding) => JSON.stringify(fieldsOf(finding))))

  return {
    id: cause.id,
    rule: cause.rule,
    severity: cause.severity,
    message: escapeText(withoutTitle(cause.summary, title)),
    fix: escapeText(cause.fix),
    ...(waived !== undefined && { waived: escapeText(waived) }),
    ...(chain && { chain }),
    ...(fields.size === 1 && { fields: fieldsOf(findings[0]) }),
    objects: findings.map((finding) => pageObjectOf(finding, cause, fields.size > 1))
  }
}

/**
 * If the objects' messages differ, the cause's summary ends with the rule's summary, which is already the
 * card's title.
 */
const withoutTitle = (summary: string, title: string | undefined): string =>
  title !== undefined && summary.endsWith(`: ${title}`) ? summary.slice(0, -title.length - 2) : summary

const fieldsOf = ({ field, alsoAt = [] }: ReportedFinding): string[] => [field, ...alsoAt].map(escapeText)

function pageObjectOf(finding: ReportedFinding, cause: Cause, hasOwnFields: boolean): PageObject {
  const { object, message, fix, since } = finding
  const { namespace, cluster } = object
  const place = placeOf(object)

  return {
    kind: escapeText(object.kind),
    ...(namespace !== undefined && { namespace: escapeText(namespace) }),
    name: escapeText(object.name),
    ...(cluster !== undefined && { cluster: escapeText(cluster) }),
    ...(place !== undefined && { place }),
    ...(hasOwnFields && { fields: fieldsOf(finding) }),
    ...(message !== cause.summary && { message: escapeText(message) }),
    ...(fix !== cause.fix && { fix: escapeText(fix) }),
    ...(since !== undefined && { since: escapeText(since) })
  }
}

const placeOf = ({ file, line }: ObjectReference): string | undefined =>
  file === undefined ? undefined : escapeText(line === undefined ? file : `${file}:${line}`)

/** One entry for each reason. Rules with the same reason can have different counts. */
const uncheckedOf = (groups: readonly UncheckedGroup[]): PageUnchecked[] =>
  [...Map.groupBy(groups, ({ because }) => because)].map(([because, groups]) => {
    const hint = groups.find((group) => group.hint !== undefined)?.hint
    const objects = groups.flatMap((group) =>
      group.objects.map((object) => `${object.kind} ${nameOf(object)}`.trimEnd())
    )

    return {
      because: escapeText(because),
      rules: groups.map(({ rule }) => rule),
      count: Math.max(...groups.map(({ count }) => count)),
      objects: [...new Set(objects)].slice(0, maxObjects).map(escapeText),
      ...(hint !== undefined && { hint: escapeText(hint) })
    }
  })

const maxObjects = 10
