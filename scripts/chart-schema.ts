type Schema = Record<string, unknown>

const object = (properties: Schema, more: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more
})
const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more })
const flag = (description: string): Schema => ({ type: 'boolean', description })
/** A part of a pod's spec, which the API server checks. */
const ofPod = (type: 'object' | 'array', description: string): Schema => ({ type, description })

/** If an object has properties like `condition`, it must also have properties like `demand`. */
const onlyIf = (condition: Schema, demand: Schema): Schema => ({
  if: { required: Object.keys(condition), properties: condition },
  then: { required: Object.keys(demand), properties: demand }
})

const resourceQuantities: Schema = { type: 'object', additionalProperties: { type: ['string', 'number'] } }
const pods = (name: string): Schema => ({
  resources: object(
    { requests: resourceQuantities, limits: resourceQuantities, claims: { type: 'array' } },
    { description: `Resources of ${name}'s container.` }
  ),
  nodeSelector: ofPod('object', 'Labels of the nodes that may run the pods.'),
  tolerations: ofPod('array', 'Taints of nodes that the pods tolerate.'),
  affinity: ofPod('object', 'Affinity of the pods.'),
  podLabels: ofPod('object', 'Labels that the pods get in addition.'),
  podAnnotations: ofPod('object', 'Annotations of the pods.'),
  env: ofPod('array', "The container's environment variables, for example HTTPS_PROXY.")
})

/**
 * The JSON Schema of the chart's values. `config` is the schema of the configuration file; it is that of the
 * value of the same name.
 */
export function valuesSchema({ $schema, $defs, title, ...schema }: Schema): Schema {
  const config = Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$id'))

  return {
    $schema,
    title: `Values of the Helm chart; config is the ${String(title)}`,
    $defs,
    ...object({
      global: { type: 'object', description: 'Helm passes it to every chart; not used.' },
      image: object({
        registry: text('Registry and path in front of the repository; empty for none.'),
        repository: text('Repository of the image.', { minLength: 1 }),
        tag: text("Tag of the image; empty for the chart's appVersion."),
        digest: text('Digest of the image, which takes precedence over the tag.', {
          pattern: '^(sha256:[0-9a-f]{64})?$'
        }),
        pullPolicy: { enum: ['', 'Always', 'IfNotPresent', 'Never'] },
        pullSecrets: ofPod('array', 'Secrets for the registry, each as { name: NAME }.')
      }),
      config: { ...config, description: 'The configuration of irsa-guard: docs/config.md.' },
      aws: object({
        roleArn: text(
          'IAM role of irsa-guard itself by IRSA; empty for none, and for EKS Pod Identity, which needs no annotation.',
          { pattern: '^(arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/.+)?$' }
        )
      }),
      certificates: object(
        {
          existingSecret: text(
            'Secret (kubernetes.io/tls) with your serving certificate; empty if the controller or cert-manager issues it.'
          ),
          caBundle: text('The CAs that signed it: PEM, in base64, on one line.', {
            pattern: '^[A-Za-z0-9+/]*={0,2}$'
          }),
          certManager: object(
            {
              enabled: flag('cert-manager issues the serving certificate and writes the caBundle.'),
              issuerRef: object({
                name: text('Name of the Issuer or ClusterIssuer.'),
                kind: text('Kind of the issuer.', { minLength: 1 }),
                group: text('API group of the issuer.', { minLength: 1 })
              })
            },
            onlyIf(
              { enabled: { const: true } },
              { issuerRef: { required: ['name'], properties: { name: { minLength: 1 } } } }
            )
          )
        },
        {
          allOf: [
            onlyIf({ existingSecret: { minLength: 1 } }, { caBundle: { minLength: 1 } }),
            onlyIf({ caBundle: { minLength: 1 } }, { existingSecret: { minLength: 1 } }),
            onlyIf(
              { existingSecret: { minLength: 1 } },
              { certManager: { properties: { enabled: { const: false } } } }
            )
          ]
        }
      ),
      serve: object({
        replicas: { type: 'integer', minimum: 1 },
        topologySpreadConstraints: ofPod('array', 'How the pods spread over zones and nodes.'),
        hostNetwork: flag('Set it if the control plane cannot reach pods, as in some overlay networks.'),
        ...pods('serve')
      }),
      controller: object(pods('controller')),
      podDisruptionBudget: object({
        enabled: flag('Keeps a replica of serve while nodes are drained.'),
        minAvailable: { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' }
      }),
      priorityClass: object({
        create: flag('Creates the PriorityClass.'),
        name: text('Name of the PriorityClass that the pods have.', { minLength: 1 })
      }),
      networkPolicy: object({
        enabled: flag("Limits the pods' connections if the network plugin enforces NetworkPolicies."),
        controlPlaneCidrs: {
          type: 'array',
          minItems: 1,
          items: { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$' },
          description: 'Addresses that may send reviews: the subnets of the control plane.'
        }
      }),
      monitoring: object({
        labels: ofPod(
          'object',
          'Labels by which your Prometheus finds the ServiceMonitor and the PrometheusRule.'
        ),
        serviceMonitor: object({
          enabled: flag('Needs the CustomResourceDefinitions of the Prometheus Operator.'),
          interval: text('Interval of scrapes; empty for the default of Prometheus.', {
            pattern: '^([0-9]+(ms|s|m|h))*$'
          })
        }),
        prometheusRule: object({
          enabled: flag('Needs the CustomResourceDefinitions of the Prometheus Operator.')
        })
      })
    })
  }
}
