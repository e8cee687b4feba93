import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { chartEdits, type Edit, valuesOfText } from './chart-edits.ts'
import { valuesSchema } from './chart-schema.ts'

// Writes what the chart shares with other files, so that they cannot differ: its templates from manifests/, the
// alerts from manifests/monitoring/, the schema of its values from schemas/config.json.

const chart = 'charts/irsa-guard'

/** Generates the files of the chart that are not written by hand: path and content. */
export function chartFiles(): ReadonlyMap<string, string> {
  const { resources } = parse(readFileSync('manifests/kustomization.yaml', 'utf8')) as { resources: string[] }
  const templates = resources.map(
    (file) => [file, templateOf(file, readFileSync(`manifests/${file}`, 'utf8'))] as const
  )
  const alerts = readFileSync('manifests/monitoring/alerts.yaml', 'utf8')
  const config = JSON.parse(readFileSync('schemas/config.json', 'utf8')) as Record<string, unknown>

  return new Map([
    ...templates.map(([file, text]) => [join(chart, 'templates', file), text] as const),
    [join(chart, 'templates/prometheus-rule.yaml'), prometheusRuleOf(alerts)],
    [join(chart, 'values.schema.json'), `${JSON.stringify(valuesSchema(config), null, 2)}\n`]
  ])
}

/** The objects of a file as a template. Throws if an edit does not fit the file any more. */
function templateOf(file: string, text: string): string {
  const documents = parseAllDocuments(text).flatMap((document) => {
    const { kind, metadata } = document.toJS() as {
      kind: string
      metadata: { name: string; namespace?: string }
    }
    const key = [kind, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), metadata.name].join(
      '/'
    )
    const { edits = [], condition, leftOut = false } = chartEdits[key] ?? {}
    if (leftOut) return []

    const labels: Edit = document.hasIn(['metadata', 'labels'])
      ? { at: ['metadata', 'labels'], before: 'app.kubernetes.io/part-of: irsa-guard' }
      : { at: ['metadata', 'name'], after: '  labels:\n    app.kubernetes.io/part-of: irsa-guard' }
    const isLabelled = document.getIn(['metadata', 'labels', 'app.kubernetes.io/part-of']) === 'irsa-guard'
    const [start, , end] = document.range
    const edited = edit(document, text, [...(isLabelled ? [] : [labels]), ...edits]).slice(start)
    const body = valuesOfText(
      edited
        .slice(0, edited.length - (text.length - end))
        .replace(/^---$/gm, '')
        .trim()
    )

    return [condition === undefined ? body : `{{- if ${condition} }}\n${body}\n{{- end }}`]
  })

  return `# Generated from manifests/${basename(file)} by npm run chart.\n${documents.join('\n---\n')}\n`
}

type Parsed = ReturnType<typeof parseAllDocuments<never>>[number]

/** Applies edits to one document of a text, the last first, so that the places of the others stay. */
function edit(document: unknown, text: string, edits: readonly Edit[]): string {
  const placed = edits.map((change) => {
    const node = (document as Parsed).getIn(change.at, true) as
      { range?: [number, number, number] } | undefined
    if (node?.range === undefined) throw new Error(`there is no ${change.at.join('.')} to edit for the chart`)

    const [start, valueEnd] = node.range
    const end = start + text.slice(start, valueEnd).trimEnd().length
    const line = text.indexOf('\n', end)
    if (change.replace !== undefined) return { start, end, by: change.replace }
    if (change.before !== undefined)
      return {
        start,
        end: start,
        by: `${change.before}\n${' '.repeat(start - text.lastIndexOf('\n', start - 1) - 1)}`
      }

    return { start: line, end: line, by: `\n${change.after ?? ''}` }
  })

  return placed
    .sort((one, other) => other.start - one.start)
    .reduce((edited, { start, end, by }) => edited.slice(0, start) + by + edited.slice(end), text)
}

/** Prometheus' own templates in the alerts must reach Prometheus as they are. */
function prometheusRuleOf(alerts: string): string {
  const groups = alerts.slice(alerts.indexOf('groups:'))
  const spec = groups
    .replaceAll('{{', '{{ "{{" }}')
    .replace(/^(?=.)/gm, '  ')
    .trimEnd()

  return `# Generated from manifests/monitoring/alerts.yaml by npm run chart.
{{- if .Values.monitoring.prometheusRule.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: irsa-guard
  namespace: {{ .Release.Namespace }}
  labels:
    app.kubernetes.io/part-of: irsa-guard
    {{- with .Values.monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
${spec}
{{- end }}
`
}

if (import.meta.main) {
  for (const [path, content] of chartFiles()) {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
  }
}
