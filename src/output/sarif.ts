import { allRules, type Severity } from '../model/finding.js'
import type { Rule } from '../rules/define-rule.js'
import { escapeText } from '../text/escape.js'
import { docsUrl } from '../version.js'
import { nameOf } from './entries-text.js'
import { pathWithin, uriOf, uriOfPath } from './file-paths.js'
import type { FormatContext } from './format-context.js'
import type { ObjectReference, Report, ReportedFinding, UncheckedGroup } from './report.js'
import { counted } from './style.js'

const levels = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<
  Severity,
  string
>

/**
 * A report as a SARIF 2.1.0 log with one run. Anything that could not be checked or read becomes a
 * notification of the invocation. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifOf(report: Report, context: FormatContext): object {
  const { rules, complaints, workingDirectory } = context
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))

  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'irsa-guard',
            semanticVersion: report.tool.version,
            informationUri: docsUrl,
            rules: rules.map(descriptorOf)
          }
        },
        invocations: [
          {
            executionSuccessful: complaints.length === 0,
            ...(report.createdAt !== undefined && { endTimeUtc: report.createdAt }),
            toolExecutionNotifications: [
              ...complaints.map((complaint) => ({ level: 'error', message: messageOf(complaint) })),
              ...report.unchecked.map((group) => notificationOf(group, indexes, workingDirectory))
            ]
          }
        ],
        originalUriBaseIds: {
          [clusterBase]: {
            description: {
              text: 'Kubernetes clusters. A path is CONTEXT/NAMESPACE/KIND/NAME; it is not a file.'
            }
          }
        },
        results: report.findings.map((finding) => resultOf(finding, indexes, workingDirectory))
      }
    ]
  }
}

/** A rule, with all properties that GitHub requires: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning */
function descriptorOf({ id, summary, docs, severity }: Rule): object {
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: summary },
    help: {
      text: `${summary} More: ${docs}`,
      markdown: `${summary} [Why it matters and how to fix it](${docs})`
    },
    helpUri: docs,
    defaultConfiguration: { level: levels[severity] },
    properties: { 'problem.severity': severity === 'info' ? 'recommendation' : severity }
  }
}

function resultOf(
  finding: ReportedFinding,
  indexes: ReadonlyMap<string, number>,
  workingDirectory: string
): object {
  const { rule, severity, message, fix, object, field, alsoAt, fingerprint, cause, waived, since } = finding
  const ruleIndex = indexes.get(rule)

  return {
    ruleId: rule,
    ...(ruleIndex !== undefined && { ruleIndex }),
    level: levels[severity],
    message: messageOf(`${nameOf(object)}: ${message}`, `fix: ${fix}`),
    locations: [locationOf(object, workingDirectory)],
    // Not primaryLocationLineHash: GitHub's upload action computes that one, and warns about any other value.
    partialFingerprints: { 'irsaGuardFinding/v1': fingerprint },
    ...(since !== undefined && { provenance: { firstDetectionTimeUtc: since } }),
    ...(waived !== undefined && {
      suppressions: [{ kind: 'inSource', status: 'accepted', justification: escapeText(waived) }]
    }),
    properties: { cause, field, ...(alsoAt && { alsoAt }) }
  }
}

function notificationOf(
  { rule, because, count, objects, hint }: UncheckedGroup,
  indexes: ReadonlyMap<string, number>,
  workingDirectory: string
): object {
  const index = indexes.get(rule)
  const rules = rule === allRules ? 'all rules' : rule

  return {
    level: 'note',
    message: messageOf(
      `not checked: ${rules} for ${counted(count, 'object')}: ${because}${hint === undefined ? '' : ` (${hint})`}`
    ),
    ...(index !== undefined && { associatedRule: { id: rule, index } }),
    locations: [
      ...new Map(
        objects
          .map((object) => locationOf(object, workingDirectory))
          .map((location) => [JSON.stringify(location), location]) // the schema forbids duplicates
      ).values()
    ]
  }
}

/** Where an object is: in a file, or under the virtual root of clusters; and its name. */
function locationOf(object: ObjectReference, workingDirectory: string): object {
  const { kind, namespace, name, file, line, cluster } = object
  const path = [cluster, namespace, kind, name].flatMap((part) =>
    part === undefined || part === '' ? [] : part
  )

  return {
    physicalLocation:
      file === undefined
        ? {
            artifactLocation: { uri: uriOfPath(path), uriBaseId: clusterBase },
            region: { startLine: 1 }
          }
        : {
            artifactLocation: {
              uri: uriOf(workingDirectory, file),
              // As in CodeQL's files, the base has no URI of its own, so consumers use the root of the
              // repository.
              ...(pathWithin(workingDirectory, file) !== undefined && { uriBaseId: '%SRCROOT%' })
            },
            ...(line !== undefined && { region: { startLine: line } })
          },
    logicalLocations: [
      { name: escapeText(name), fullyQualifiedName: escapeText(path.join('/')), kind: 'resource' }
    ]
  }
}

/**
 * The base of the URIs of objects in clusters. GitHub rejects the whole file if one result has no physical
 * location, or if a URI has a scheme other than `file`. The URIs are therefore relative, and their base has
 * no URI: https://github.com/forcedotcom/code-analyzer/issues/1970,
 * https://github.com/github/codeql-action/issues/754
 */
const clusterBase = 'CLUSTER'

/** A message of escaped lines. Viewers would show `[text](target)` in a message as a link. */
const messageOf = (...lines: readonly string[]): { readonly text: string } => ({
  text: lines.map((line) => escapeText(line).replaceAll('](', '] (')).join('\n')
})
