// The kinds of reports, as far as irsa-guard writes them, with the limits of the published definitions:
// https://github.com/openreports/reports-api and https://github.com/kubernetes-sigs/wg-policy-prototypes

const text = { type: 'string' }
const textMap = { type: 'object', additionalProperties: text }
const reference = {
  type: 'object',
  properties: Object.fromEntries(
    ['apiVersion', 'kind', 'name', 'namespace', 'fieldPath', 'resourceVersion', 'uid'].map((key) => [
      key,
      text
    ])
  )
}
const counts = {
  type: 'object',
  properties: Object.fromEntries(
    ['pass', 'fail', 'warn', 'error', 'skip'].map((key) => [key, { type: 'integer' }])
  )
}
const result = {
  type: 'object',
  required: ['policy'],
  properties: {
    source: text,
    policy: text,
    rule: text,
    category: text,
    message: text,
    scored: { type: 'boolean' },
    result: { type: 'string', enum: ['pass', 'fail', 'warn', 'error', 'skip'] },
    severity: { type: 'string', enum: ['critical', 'high', 'low', 'medium', 'info'] },
    timestamp: {
      type: 'object',
      required: ['nanos', 'seconds'],
      properties: {
        nanos: { type: 'integer', format: 'int32' },
        seconds: { type: 'integer', format: 'int64' }
      }
    },
    resources: { type: 'array', items: reference },
    properties: textMap
  }
}

const definition = (group: string, version: string, kind: string, plural: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' }
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { scope: reference, summary: counts, results: { type: 'array', items: result } }
          }
        }
      }
    ]
  }
})

export const openReportsDefinition = definition('openreports.io', 'v1alpha1', 'Report', 'reports')
export const policyReportsDefinition = definition(
  'wgpolicyk8s.io',
  'v1alpha2',
  'PolicyReport',
  'policyreports'
)
