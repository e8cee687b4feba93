/**
 * A change to an object of manifests/ that makes a template of it. `at` is the path of a value. `replace` takes
 * its place; `after` are lines below it; `before` is a line in front of it.
 */
export interface Edit {
  readonly at: readonly (string | number)[]
  readonly replace?: string
  readonly after?: string
  readonly before?: string
}

interface ObjectEdits {
  readonly edits?: readonly Edit[]
  /** The object is rendered only if this is true. */
  readonly condition?: string
  readonly leftOut?: boolean
}

/** Replaces the namespace wherever manifests/ name it. */
export const valuesOfText = (text: string): string =>
  text
    .replace(/^(\s*namespace: )irsa-guard$/gm, '$1{{ .Release.Namespace }}')
    .replaceAll('values: [irsa-guard]', 'values: [{{ .Release.Namespace }}]')
    .replaceAll('system:serviceaccount:irsa-guard:', 'system:serviceaccount:{{ .Release.Namespace }}:')

const podSpec = ['spec', 'template', 'spec'] as const

/** Lines that are there if a value is set, as `key:` with the value below it. */
const optional = (key: string, value: string, indent: number): string => {
  const spaces = ' '.repeat(indent)
  return `${spaces}{{- with ${value} }}\n${spaces}${key}:\n${spaces}  {{- toYaml . | nindent ${indent + 2} }}\n${spaces}{{- end }}`
}

const port = (name: string): string => `{{ .Values.config.server.${name} }}`

const managesCertificates = 'not (include "irsa-guard.hasOwnCertificates" .)'

const webhookBundle = (index: number): Edit => ({
  at: ['webhooks', index, 'clientConfig', 'service'],
  after: `      {{- with .Values.certificates.caBundle }}
      caBundle: {{ . }}
      {{- end }}`
})

const serviceAccount: ObjectEdits = {
  edits: [
    {
      at: ['metadata', 'namespace'],
      after: `  {{- with .Values.aws.roleArn }}
  annotations:
    {{ include "irsa-guard.annotationPrefix" $ }}/role-arn: {{ . }}
  {{- end }}`
    }
  ]
}

/** What both Deployments have in common. */
const deployment = (name: 'serve' | 'controller'): readonly Edit[] => [
  {
    at: ['spec', 'template', 'metadata', 'labels', 'app.kubernetes.io/name'],
    after: `        {{- with .Values.${name}.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
${optional('annotations', `.Values.${name}.podAnnotations`, 6)}`
  },
  {
    at: [...podSpec, 'serviceAccountName'],
    after: [
      optional('imagePullSecrets', '.Values.image.pullSecrets', 6),
      optional('tolerations', `.Values.${name}.tolerations`, 6),
      optional('affinity', `.Values.${name}.affinity`, 6)
    ].join('\n')
  },
  { at: [...podSpec, 'priorityClassName'], replace: '{{ .Values.priorityClass.name }}' },
  { at: [...podSpec, 'nodeSelector'], replace: `{{- toYaml .Values.${name}.nodeSelector | nindent 8 }}` },
  {
    at: [...podSpec, 'containers', 0, 'image'],
    replace: '{{ include "irsa-guard.image" . }}'
  },
  {
    at: [...podSpec, 'containers', 0, 'args'],
    after: `          {{- with .Values.image.pullPolicy }}
          imagePullPolicy: {{ . }}
          {{- end }}
${optional('env', `.Values.${name}.env`, 10)}`
  },
  {
    at: [...podSpec, 'containers', 0, 'resources'],
    replace: `{{- toYaml .Values.${name}.resources | nindent 12 }}`
  }
]

/** What the templates of the chart change in the objects of manifests/, by kind, namespace and name. */
export const chartEdits: Readonly<Record<string, ObjectEdits>> = {
  // Helm needs the namespace before it can store the release in it.
  'Namespace/irsa-guard': { leftOut: true },
  'PriorityClass/irsa-guard': {
    condition: '.Values.priorityClass.create',
    edits: [{ at: ['metadata', 'name'], replace: '{{ .Values.priorityClass.name }}' }]
  },
  'NetworkPolicy/irsa-guard/irsa-guard-serve': {
    condition: '.Values.networkPolicy.enabled',
    edits: [
      { at: ['spec', 'ingress', 0, 'ports', 0, 'port'], replace: port('port') },
      { at: ['spec', 'ingress', 1, 'ports', 0, 'port'], replace: port('healthPort') },
      {
        at: ['spec', 'ingress', 0, 'from'],
        replace: `{{- range .Values.networkPolicy.controlPlaneCidrs }}
        - ipBlock:
            cidr: {{ . }}
        {{- end }}
        {{- if include "irsa-guard.hasOwnCertificates" . }}
        - podSelector: # the controller reads the certificate that serve presents
            matchLabels:
              app.kubernetes.io/name: irsa-guard-controller
        {{- end }}`
      }
    ]
  },
  'NetworkPolicy/irsa-guard/irsa-guard-controller': {
    condition: '.Values.networkPolicy.enabled',
    edits: [{ at: ['spec', 'ingress', 0, 'ports', 0, 'port'], replace: port('healthPort') }]
  },
  'ConfigMap/irsa-guard/irsa-guard-config': {
    edits: [
      { at: ['data', 'config.yaml'], replace: '|\n    {{- include "irsa-guard.config" . | nindent 4 }}' }
    ]
  },
  'ServiceAccount/irsa-guard/irsa-guard-serve': serviceAccount,
  'ServiceAccount/irsa-guard/irsa-guard-controller': serviceAccount,
  'ServiceAccount/irsa-guard-canary/irsa-guard-canary': {
    edits: [
      {
        at: ['metadata', 'annotations'],
        replace:
          '{{ include "irsa-guard.annotationPrefix" . }}/role-arn: arn:aws:iam::000000000000:role/irsa-guard-canary'
      }
    ]
  },
  'PodDisruptionBudget/irsa-guard/irsa-guard-serve': {
    condition: '.Values.podDisruptionBudget.enabled',
    edits: [{ at: ['spec', 'minAvailable'], replace: '{{ .Values.podDisruptionBudget.minAvailable }}' }]
  },
  'Deployment/irsa-guard/irsa-guard-serve': {
    edits: [
      ...deployment('serve'),
      { at: ['spec', 'replicas'], replace: '{{ .Values.serve.replicas }}' },
      {
        at: [...podSpec, 'topologySpreadConstraints'],
        replace: '{{- toYaml .Values.serve.topologySpreadConstraints | nindent 8 }}'
      },
      {
        at: [...podSpec, 'terminationGracePeriodSeconds'],
        after: `      {{- if .Values.serve.hostNetwork }}
      hostNetwork: true
      dnsPolicy: ClusterFirstWithHostNet
      {{- end }}`
      },
      {
        at: [...podSpec, 'volumes', 1, 'secret', 'secretName'],
        replace: '{{ include "irsa-guard.servingSecret" . }}'
      },
      { at: [...podSpec, 'containers', 0, 'ports', 0, 'containerPort'], replace: port('port') },
      { at: [...podSpec, 'containers', 0, 'ports', 1, 'containerPort'], replace: port('healthPort') }
    ]
  },
  'ValidatingWebhookConfiguration/irsa-guard': {
    edits: [
      {
        at: ['metadata', 'name'],
        after: `  {{- if .Values.certificates.certManager.enabled }}
  annotations:
    cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/irsa-guard
  {{- end }}`
      },
      webhookBundle(0),
      webhookBundle(1)
    ]
  },
  // The rights to write the Secrets of the certificates.
  'Role/irsa-guard/irsa-guard-controller': { condition: managesCertificates },
  'RoleBinding/irsa-guard/irsa-guard-controller': { condition: managesCertificates },
  'Deployment/irsa-guard/irsa-guard-controller': {
    edits: [
      ...deployment('controller'),
      { at: [...podSpec, 'containers', 0, 'ports', 0, 'containerPort'], replace: port('healthPort') }
    ]
  }
}
