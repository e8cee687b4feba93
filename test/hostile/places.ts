// Every place that a user of the cluster, or the author of a file, can fill with a string, each with the code
// that reads it.
import { acceptedTexts } from '../../src/ca-bundle/accepted-texts.js'
import { diagnoseBundle } from '../../src/ca-bundle/diagnose.js'
import { recoverCertificates } from '../../src/ca-bundle/recover.js'
import { bundleReportOf } from '../../src/ca-bundle/report.js'
import { assessBundle } from '../../src/ca-bundle/state.js'
import { explainError } from '../../src/explain/explain.js'
import type { Sources } from '../../src/facts/facts.js'
import { parseIdentityWebhookCommand } from '../../src/identity-webhook/command-line.js'
import { parseIdentityWebhookConfigMap } from '../../src/identity-webhook/config-map.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parseAdmissionReview } from '../../src/input/admission-review.js'
import { parseManifest } from '../../src/input/manifests.js'
import { checkObjects } from '../../src/library/check-objects.js'
import { evaluatePodIdentityTrust } from '../../src/library/evaluate-pod-identity-trust.js'
import { evaluateTrust } from '../../src/library/evaluate-trust.js'
import { known, unknown } from '../../src/model/fact.js'
import { parseNamespaceSettings } from '../../src/model/namespace.js'
import { isNamespaceName, isObjectName } from '../../src/model/object-name.js'
import { accountOf } from '../../src/model/service-account.js'
import { review } from '../../src/review.js'
import { rules } from '../../src/rules/index.js'
import { buildReviewHandler } from '../../src/server/handle-review.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { judgeTls } from '../../src/x509/judge-tls.js'
import { makeAuthority, pem } from '../support/certificates.js'
import { asks, host, policy, question, statement } from '../support/trust.js'

export interface Place {
  readonly name: string
  readonly read: (text: string) => unknown
  /** Read by a library that costs a hundred times as much: fed with shorter strings, and no frames. */
  readonly isSlow?: true
}

const account = '111122223333'
export const role = `arn:aws:iam::${account}:role/cart`
const issuer = `https://${host}`
const ca = pem(makeAuthority().der)

const snapshot = loadSnapshots([
  {
    file: 'iam.json',
    content: {
      apiVersion: 'irsa-guard.io/v1',
      kind: 'IamSnapshot',
      accounts: [account],
      issuer,
      roles: [{ arn: role, trustPolicy: policy(statement()) }],
      oidcProviders: []
    }
  }
])

const sourcesWith = (
  more: Partial<Sources> = {},
  accountAnnotations: Record<string, unknown> = {}
): Sources => ({
  iam: snapshot.iam,
  trustingRoles: snapshot.trustingRoles,
  issuer,
  clusterCa: ca,
  identityWebhook: { ...defaultIdentityWebhook, isAudienceKnown: true },
  namespaces: { readNamespace: () => known(parseNamespaceSettings({})) },
  accounts: {
    readAccount: () =>
      known(
        accountOf({
          metadata: { annotations: { 'eks.amazonaws.com/role-arn': role, ...accountAnnotations } }
        })
      )
  },
  webhooks: {
    readConfigurations: async () => known({ complete: true, configurations: [] }),
    readBackend: async () => known({ exists: false }),
    readCertificate: async () => known(false)
  },
  ...more
})

const judgeWith = (sources: Sources) =>
  buildReviewHandler((subject, deadline) =>
    review(subject, { sources, mode: 'enforce', at: new Date('2026-11-24'), deadline })
  )
export const judge = judgeWith(sourcesWith())
export const judgeAssociated = judgeWith(
  sourcesWith({
    associations: {
      findAssociation: () => known({ exists: true, since: undefined }),
      readAssociation: () => unknown('EKS was not asked')
    }
  })
)
const deadline = { signal: new AbortController().signal }

export interface Request {
  object: Record<string, unknown>
  old?: unknown
  request?: Record<string, unknown>
}

export async function admit({ object, old, request }: Request, by = judge): Promise<string> {
  const parsed = parseAdmissionReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      operation: old === undefined ? 'CREATE' : 'UPDATE',
      namespace: 'shop',
      kind: { kind: object['kind'] },
      userInfo: { username: 'u' },
      object,
      oldObject: old,
      ...request
    }
  })
  if ('malformed' in parsed) return parsed.malformed
  return JSON.stringify(await by(parsed, deadline))
}

export const serviceAccount = (metadata: object): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'shop', ...metadata }
})
export const annotated = (annotations: object): Record<string, unknown> =>
  serviceAccount({ annotations: { 'eks.amazonaws.com/role-arn': role, ...annotations } })
export const mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
export const pod = (
  spec: object,
  metadata: object = {},
  container: object = {}
): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart', namespace: 'shop', ...metadata },
  spec: { serviceAccountName: 'cart', containers: [{ name: 'app', ...container }], ...spec }
})
export const workload = (template: Record<string, unknown>, more: object = {}): Record<string, unknown> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { template },
  ...more
})
const token = (more: object): object => ({
  name: 'aws-iam-token',
  projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'token', ...more } }] }
})
const env = [
  { name: 'AWS_ROLE_ARN', value: role },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${mountPath}/token` }
]
export const hook = (
  webhook: object,
  metadata: object = {},
  kind = 'MutatingWebhookConfiguration'
): Record<string, unknown> => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'pod-identity-webhook', ...metadata },
  webhooks: [
    {
      name: 'iam-for-pods.amazonaws.com',
      admissionReviewVersions: ['v1beta1'],
      clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: Buffer.from(ca).toString('base64') },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      ...webhook
    }
  ]
})

const reviewed = (name: string, request: (text: string) => Request, by = judge): Place => ({
  name,
  read: (text) => admit(request(text), by)
})
const anno = (key: string): Place =>
  reviewed(`account annotation ${key}`, (text) => ({ object: annotated({ [key]: text }) }))
const both = (name: string, object: (text: string) => Record<string, unknown>): Place[] => [
  reviewed(`pod ${name}`, (text) => ({ object: object(text) })),
  reviewed(`template ${name}`, (text) => ({ object: workload(object(text)) }))
]

const accountPlaces: Place[] = [
  anno('eks.amazonaws.com/role-arn'),
  anno('eks.amazonaws.com/audience'),
  anno('eks.amazonaws.com/token-expiration'),
  anno('eks.amazonaws.com/sts-regional-endpoints'),
  anno('iam.amazonaws.com/role'),
  anno('ignore.irsa-guard.io/trust-subject-mismatch'),
  reviewed('waiver of a malformed ARN', (text) => ({
    object: annotated({ 'eks.amazonaws.com/role-arn': 'x', 'ignore.irsa-guard.io/role-arn-malformed': text })
  })),
  reviewed('key of a waiver', (text) => ({
    object: annotated({ 'eks.amazonaws.com/role-arn': 'x', [`ignore.irsa-guard.io/${text}`]: 'x' })
  })),
  reviewed('key of an annotation, without a role', (text) => ({
    object: serviceAccount({ annotations: { [text]: role } })
  })),
  reviewed('key of an annotation under a prefix', (text) => ({
    object: serviceAccount({ annotations: { [`eks.amazonaws.com/${text}`]: role } })
  })),
  reviewed('prefix of an annotation', (text) => ({
    object: serviceAccount({ annotations: { [`${text}/role-arn`]: role } })
  })),
  reviewed('name of an account', (text) => ({
    object: serviceAccount({ name: text, annotations: { 'eks.amazonaws.com/role-arn': role } })
  })),
  reviewed('generateName of an account', (text) => ({
    object: serviceAccount({
      name: undefined,
      generateName: text,
      annotations: { 'eks.amazonaws.com/role-arn': role }
    })
  })),
  reviewed('namespace of an account', (text) => ({
    object: serviceAccount({ namespace: text, annotations: { 'eks.amazonaws.com/role-arn': role } })
  })),
  reviewed('old role of an account', (text) => ({
    object: annotated({ 'eks.amazonaws.com/role-arn': 'x' }),
    old: annotated({ 'eks.amazonaws.com/role-arn': text })
  })),
  reviewed('user name', (text) => ({
    object: annotated({}),
    request: { userInfo: { username: text, groups: [text] } }
  })),
  reviewed('apiVersion of a review', (text) => ({
    object: annotated({}),
    request: { kind: { kind: text } }
  })),
  reviewed('kind of an object', (text) => ({
    object: { ...workload(pod({})), apiVersion: 'example.com/v1', kind: text }
  })),
  reviewed('apiVersion of an object', (text) => ({ object: { ...workload(pod({})), apiVersion: text } })),
  reviewed('key in a custom resource', (text) => ({
    object: { apiVersion: 'example.com/v1', kind: 'Rollout', metadata: {}, spec: { [text]: pod({}) } }
  }))
]

const podPlaces: Place[] = [
  ...both('env value', (text) => pod({}, {}, { env: [{ name: 'AWS_ROLE_ARN', value: text }, env[1]] })),
  ...both('token file', (text) =>
    pod(
      { volumes: [token({})] },
      {},
      {
        env: [env[0], { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: text }],
        volumeMounts: [{ name: 'aws-iam-token', mountPath }]
      }
    )
  ),
  ...both('env name', (text) => pod({}, {}, { env: [{ name: `AWS_${text}`, value: 'x' }] })),
  ...both('endpoint', (text) =>
    pod(
      {},
      {},
      {
        env: [
          { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: `http://169.254.170.23${text}` },
          { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: text }
        ]
      }
    )
  ),
  ...both('access key', (text) =>
    pod(
      {},
      {},
      {
        env: [
          { name: 'AWS_ACCESS_KEY_ID', value: text },
          { name: 'AWS_SECRET_ACCESS_KEY', value: text }
        ]
      }
    )
  ),
  ...both('credentials file', (text) =>
    pod(
      { volumes: [{ name: 'keys', secret: { secretName: text } }] },
      {},
      {
        env: [{ name: 'AWS_SHARED_CREDENTIALS_FILE', value: `/keys/${text}` }],
        volumeMounts: [
          { name: 'keys', mountPath: '/keys' },
          { name: 'keys', mountPath: `${text}/.aws` }
        ]
      }
    )
  ),
  ...both('source of variables', (text) =>
    pod(
      {},
      {},
      {
        env: [
          {
            name: 'AWS_ACCESS_KEY_ID',
            valueFrom: { secretKeyRef: { name: text, key: text, optional: true } }
          }
        ],
        envFrom: [{ prefix: text, secretRef: { name: text } }]
      }
    )
  ),
  ...both('mount path', (text) =>
    pod({ volumes: [token({})] }, {}, { env, volumeMounts: [{ name: 'aws-iam-token', mountPath: text }] })
  ),
  ...both('subPath', (text) =>
    pod(
      { volumes: [token({})] },
      {},
      { env, volumeMounts: [{ name: 'aws-iam-token', mountPath, subPath: text }] }
    )
  ),
  ...both('mounted volume', (text) =>
    pod({ volumes: [token({})] }, {}, { env, volumeMounts: [{ name: text, mountPath }] })
  ),
  ...both('token path', (text) =>
    pod(
      { volumes: [token({ path: text })] },
      {},
      { env, volumeMounts: [{ name: 'aws-iam-token', mountPath }] }
    )
  ),
  ...both('token audience', (text) =>
    pod(
      { volumes: [token({ audience: text })] },
      {},
      { env, volumeMounts: [{ name: 'aws-iam-token', mountPath }] }
    )
  ),
  ...both('container name', (text) => pod({}, {}, { name: text, env: [env[0]] })),
  ...both('service account name', (text) => pod({ serviceAccountName: text })),
  ...both('priority class', (text) => pod({ priorityClassName: text })),
  ...both('node selector', (text) => pod({ nodeSelector: { [text]: text } })),
  ...both('label', (text) => pod({}, { labels: { [text]: text } })),
  ...both('annotation key', (text) => pod({}, { annotations: { [text]: text } })),
  ...both('skip-containers', (text) =>
    pod({}, { annotations: { 'eks.amazonaws.com/skip-containers': text } })
  ),
  ...both('token-expiration', (text) =>
    pod({}, { annotations: { 'eks.amazonaws.com/token-expiration': text } })
  ),
  ...both('role on the pod', (text) => pod({}, { annotations: { 'eks.amazonaws.com/role-arn': text } }))
]

const namespaceText = (text: string): Sources =>
  sourcesWith({
    namespaces: {
      readNamespace: () =>
        known(
          parseNamespaceSettings({
            metadata: {
              labels: { 'irsa-guard.io/mode': text },
              annotations: { 'irsa-guard.io/allowed-roles': text }
            }
          })
        )
    }
  })
const agentPath = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount'
const associatedPlaces: Place[] = [
  ...(
    [
      [
        'NO_PROXY',
        (text) => [
          { name: 'HTTP_PROXY', value: 'http://a' },
          { name: 'NO_PROXY', value: text }
        ]
      ],
      ['proxy', (text) => [{ name: 'HTTP_PROXY', value: text }]],
      ['name of a proxy variable', (text) => [{ name: `${text}_PROXY`, value: 'a' }]],
      ['agent', (text) => [{ name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: text }]],
      ['agent token', (text) => [{ name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: text }]],
      ['own role', (text) => [{ name: 'AWS_ROLE_ARN', value: text }, env[1]]],
      ['profile', (text) => [{ name: 'AWS_PROFILE', value: text }]]
    ] satisfies [string, (text: string) => unknown[]][]
  ).flatMap(([name, envOf]) => [
    reviewed(
      `associated pod: ${name}`,
      (text) => ({ object: pod({}, {}, { env: envOf(text) }) }),
      judgeAssociated
    ),
    reviewed(
      `associated template: ${name}`,
      (text) => ({ object: workload(pod({}, {}, { env: envOf(text) })) }),
      judgeAssociated
    )
  ]),
  reviewed(
    'associated pod: mount of the agent',
    (text) => ({
      object: pod({}, {}, { volumeMounts: [{ name: text, mountPath: agentPath }] })
    }),
    judgeAssociated
  ),
  reviewed(
    'associated pod: scheduler and profile',
    (text) => ({
      object: pod({ schedulerName: text }, { labels: { 'eks.amazonaws.com/fargate-profile': text } })
    }),
    judgeAssociated
  ),
  reviewed(
    'associated account: role-arn',
    (text) => ({ object: annotated({ 'eks.amazonaws.com/role-arn': text }) }),
    judgeAssociated
  )
]

// Associations in files of other tools and in IAM files. Their service account is judged together with them.
const clusterArn = `arn:aws:eks:eu-west-1:${account}:cluster/prod`
const forPods = (more: object = {}): object =>
  policy({
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    ...more
  })
const names = { clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart' }
const iamWith = (association: object, more: object = {}): object => ({
  apiVersion: 'irsa-guard.io/v1',
  kind: 'IamSnapshot',
  accounts: [account],
  cluster: { name: 'prod', arn: clusterArn },
  associations: [association],
  roles: [{ arn: role, trustPolicy: forPods() }],
  ...more
})
const checked = (name: string, given: (text: string) => { object?: object; iam?: object }): Place => ({
  name: `association: ${name}`,
  read: async (text) => {
    const { object, iam = iamWith({ ...names, roleArn: role }) } = given(text)
    return checkObjects([serviceAccount({}), ...(object ? [object] : [])], { iam }).catch(String) // an IAM file can be invalid
  }
})
const ack = (spec: object, status: object = {}, name = 'cart'): { object: object } => ({
  object: {
    apiVersion: 'eks.services.k8s.aws/v1alpha1',
    kind: 'PodIdentityAssociation',
    metadata: { name, namespace: 'shop' },
    spec: { ...names, roleARN: role, ...spec },
    status
  }
})
const associationPlaces: Place[] = [
  checked('cluster', (text) => ack({ clusterName: text })),
  checked('account', (text) => ack({ namespace: text, serviceAccount: text })),
  checked('role', (text) => ack({ roleARN: text })),
  checked('target role', (text) => ack({ targetRoleARN: text })),
  checked('session policy', (text) => ack({ policy: text, disableSessionTags: text })),
  checked('name and status', (text) =>
    ack(
      {},
      { externalID: text, ackResourceMetadata: { arn: text, ownerAccountID: text, region: text } },
      text
    )
  ),
  checked('Crossplane', (text) => ({
    object: {
      apiVersion: `eks.aws.upbound.io/${text}`,
      kind: 'PodIdentityAssociation',
      metadata: { name: text },
      spec: { forProvider: { ...names, region: text, roleArn: text } }
    }
  })),
  checked('CloudFormation', (text) => ({
    object: {
      Resources: {
        [text]: {
          Type: 'AWS::EKS::PodIdentityAssociation',
          Properties: { ClusterName: 'prod', Namespace: 'shop', ServiceAccount: text, RoleArn: text }
        }
      }
    }
  })),
  checked('Terraform', (text) => ({
    object: {
      values: {
        root_module: {
          resources: [
            {
              type: 'aws_eks_pod_identity_association',
              address: text,
              values: { cluster_name: 'prod', namespace: 'shop', association_arn: text, role_arn: text }
            }
          ]
        }
      }
    }
  })),
  checked('eksctl', (text) => ({
    object: {
      apiVersion: 'eksctl.io/v1alpha5',
      kind: 'ClusterConfig',
      metadata: { name: 'prod', region: text },
      iam: { podIdentityAssociations: [{ namespace: 'shop', serviceAccountName: text, roleARN: text }] }
    }
  })),
  checked('cluster of the IAM file', (text) => ({
    iam: iamWith({}, { cluster: { name: text, arn: text } })
  })),
  checked('ARN of the cluster', (text) => ({
    iam: iamWith({}, { cluster: { name: 'prod', arn: `${clusterArn}${text}` } })
  })),
  checked('names in the IAM file', (text) => ({
    iam: iamWith({ ...names, namespace: text, roleArn: role })
  })),
  checked('cluster in the IAM file', (text) => ({
    iam: iamWith({ ...names, clusterName: text, roleArn: role })
  })),
  checked('role in the IAM file', (text) => ({ iam: iamWith({ ...names, roleArn: text }) })),
  checked('key in the IAM file', (text) => ({ iam: iamWith({ ...names, roleArn: role, [text]: '' }) })),
  checked('external ID and session policy in the IAM file', (text) => ({
    iam: iamWith({
      ...{ ...names, roleArn: role, targetRoleArn: role, disableSessionTags: true },
      ...{ externalId: text, policy: text }
    })
  })),
  ...(
    [
      ['tag', (text) => ({ StringLike: { 'aws:RequestTag/kubernetes-namespace': text } })],
      ['key', (text) => ({ StringEquals: { [text]: 'x' } })],
      ['key of a tag', (text) => ({ StringEquals: { [`aws:RequestTag/${text}`]: 'x' } })],
      ['source', (text) => ({ ArnLike: { 'aws:SourceArn': text } })],
      ['operator', (text) => ({ [text]: { 'aws:SourceAccount': account } })]
    ] satisfies [string, (text: string) => object][]
  ).map(([name, conditions]): Place => ({
    name: `trust policy for EKS Pod Identity: ${name}`,
    read: (text) =>
      evaluatePodIdentityTrust({
        document: forPods({ Condition: conditions(text) }),
        clusterArn,
        namespace: 'shop',
        serviceAccount: 'cart'
      })
  })),
  {
    name: 'trust policy of a target role: principal and external ID',
    read: (text) =>
      evaluatePodIdentityTrust({
        document: policy({
          ...{ Effect: 'Allow', Principal: { AWS: text }, Action: 'sts:*' },
          Condition: { StringLike: { 'sts:ExternalId': text } }
        }),
        clusterArn,
        namespace: 'shop',
        serviceAccount: 'cart',
        firstRole: { arn: role, externalId: text }
      })
  }
]

const namespacePlaces: Place[] = [
  {
    name: 'settings of a namespace',
    read: (text) => admit({ object: annotated({}) }, judgeWith(namespaceText(text)))
  },
  {
    name: 'settings of a namespace and a long role',
    read: (text) =>
      admit({ object: annotated({ 'eks.amazonaws.com/role-arn': text }) }, judgeWith(namespaceText(text)))
  },
  {
    name: "settings of a namespace and a role of a's",
    read: (text) =>
      admit(
        { object: annotated({ 'eks.amazonaws.com/role-arn': 'a'.repeat(text.length) }) },
        judgeWith(namespaceText(text))
      )
  }
]

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const webhookPlaces: Place[] = [
  reviewed('webhook name', (text) => ({ object: hook({ name: text }) })),
  reviewed('old webhook name', (text) => ({ object: hook({}), old: hook({ name: text }) })),
  reviewed('webhook URL', (text) => ({ object: hook({ clientConfig: { url: text } }), old: hook({}) })),
  reviewed('webhook URL beside the API server', (text) => ({
    object: hook({ clientConfig: { url: `https://127.0.0.1:23443/${text}`, caBundle: 'AAAA' } })
  })),
  reviewed('webhook service', (text) => ({
    object: hook({ clientConfig: { service: { namespace: text, name: text, path: text } } }),
    old: hook({})
  })),
  reviewed('webhook bundle', (text) => ({
    object: hook({ clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: text } })
  })),
  reviewed('webhook bundle in base64', (text) => ({
    object: hook({ clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: base64(text) } })
  })),
  reviewed('webhook bundle behind a CA', (text) => ({
    object: hook({ clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: base64(ca + text) } })
  })),
  reviewed('webhook rule', (text) => ({
    object: hook({ rules: [{ apiGroups: [text], resources: [text], operations: [text] }] })
  })),
  reviewed('webhook selector', (text) => ({
    object: hook({
      namespaceSelector: {
        matchLabels: { [text]: text },
        matchExpressions: [{ key: text, operator: 'In', values: [text] }]
      }
    })
  })),
  reviewed('webhook match condition', (text) => ({
    object: hook({ matchConditions: [{ name: text, expression: text }] })
  })),
  reviewed('webhook review version', (text) => ({ object: hook({ admissionReviewVersions: [text] }) })),
  reviewed('inject-ca-from', (text) => ({
    object: hook({}, { annotations: { 'cert-manager.io/inject-ca-from': text } })
  })),
  reviewed('inject-cabundle', (text) => ({
    object: hook({}, { annotations: { 'service.beta.openshift.io/inject-cabundle': text } })
  })),
  reviewed('name of a configuration', (text) => ({ object: hook({ clientConfig: {} }, { name: text }) }))
]

const like = (key: string, value: unknown): object =>
  policy(statement({ Condition: { StringLike: { [key]: value } } }))
const trusts = (name: string, document: (text: string) => unknown): Place => ({
  name: `trust policy: ${name}`,
  read: (text) => evaluateTrust(question(document(text), { at: new Date('2026-11-24') }))
})
const policyPlaces: Place[] = [
  trusts('document', (text) => text),
  trusts('string in a document', (text) => JSON.stringify({ Version: text })),
  trusts('Sid', (text) => policy(statement({ Sid: text }))),
  trusts('principal', (text) => policy(statement({ Principal: { Federated: text } }))),
  trusts('provider', (text) =>
    policy(statement({ Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${text}` } }))
  ),
  trusts('element', (text) => policy(statement({ [text]: { [text]: text } }))),
  trusts('key without an operator', (text) => policy(statement({ Condition: { [`${text}:sub`]: text } }))),
  trusts('action', (text) => policy(statement({ Action: text }))),
  trusts('operator', (text) => policy(statement({ Condition: { [text]: { a: 'b' } } }))),
  trusts('key', (text) => like(text, 'x')),
  trusts('key of a claim', (text) => like(`${text}:sub`, 'x')),
  trusts('pattern', (text) => like(`${host}:sub`, text)),
  trusts('patterns', (text) => like(`${host}:sub`, text.match(/.{1,100}/gsu) ?? [])),
  trusts('subject', (text) => policy(statement({ Condition: asks({ sub: text }) }))),
  trusts('number', (text) => policy(statement({ Condition: { NumericEquals: { 'aws:x': text } } }))),
  trusts('date', (text) =>
    policy(statement({ Condition: { DateGreaterThan: { 'aws:CurrentTime': text } } }))
  ),
  trusts('address', (text) => policy(statement({ Condition: { IpAddress: { 'aws:SourceIp': text } } })))
]

const leaf = pem(makeAuthority().der)
const bundlePlaces: Place[] = [
  {
    name: 'bundle of ca',
    read: (text) => bundleReportOf({ caBundle: base64(text), clusterCa: ca, at: new Date('2026-11-24') })
  },
  {
    name: 'bundle of ca, behind a CA',
    read: (text) =>
      bundleReportOf({
        caBundle: base64(ca + text),
        clusterCa: ca,
        served: { chain: leaf, host: 'x' },
        at: new Date('2026-11-24')
      })
  },
  { name: 'bundle, diagnosed', read: (text) => diagnoseBundle(base64(text), new Date('2026-11-24')) },
  { name: 'bundle, recovered', read: (text) => recoverCertificates(Buffer.from(text)) },
  {
    name: 'bundle, served',
    read: (text) => judgeTls({ caBundle: base64(ca), chain: text, host: 'x', at: new Date() })
  },
  {
    name: 'host of a chain',
    read: (text) => judgeTls({ caBundle: base64(ca), chain: leaf, host: text, at: new Date() })
  },
  {
    name: 'CAs of the cluster',
    read: (text) => [
      assessBundle({ caBundle: base64(ca), currentCas: text, at: new Date() }),
      acceptedTexts(text, { inPlace: base64(text) })
    ]
  }
]

const configPlaces: Place[] = [
  {
    name: 'flags of the identity webhook',
    read: (text) => [
      parseIdentityWebhookCommand([text, `--${text}`, `--token-audience=${text}`]),
      parseIdentityWebhookCommand([text, '--namespace', text]),
      parseIdentityWebhookCommand([`--${text}`, '--port'])
    ]
  },
  {
    name: 'ConfigMap of the identity webhook',
    read: (text) => parseIdentityWebhookConfigMap({ data: { config: text } })
  },
  {
    name: 'key in the ConfigMap',
    read: (text) =>
      parseIdentityWebhookConfigMap({ data: { config: JSON.stringify({ [text]: { RoleARN: text } }) } })
  },
  {
    name: 'account, kept',
    read: (text) =>
      accountOf({
        metadata: { annotations: { [text]: 'x', 'a/role-arn': text, [`irsa-guard.io/${text}`]: 'x' } }
      })
  },
  { name: 'names', read: (text) => [isObjectName(text), isNamespaceName(text)] },
  { name: 'error text', read: (text) => explainError(text, rules) }
]

const readManifest = (text: string): unknown => parseManifest('x.yaml', text)
const manifest = (name: string, textOf: (text: string) => string): Place => ({
  name,
  read: (text) => readManifest(textOf(text)),
  isSlow: true
})
const manifestPlaces: Place[] = [
  manifest('manifest', (text) => text),
  manifest('manifest behind a key', (text) => `a: ${text}`),
  manifest('manifest in quotes', (text) => `a: "${text}`),
  manifest('manifest in a block', (text) => `a: |\n  ${text}\n`),
  manifest('template in a manifest', (text) => `a: {{ ${text}\n b`),
  { name: 'JSON string', read: (text) => readManifest(JSON.stringify({ a: text })) },
  manifest('JSON, cut off', (text) => `{"a": "${text}`)
]

export const places: readonly Place[] = [
  ...accountPlaces,
  ...podPlaces,
  ...associatedPlaces,
  ...associationPlaces,
  ...namespacePlaces,
  ...webhookPlaces,
  ...policyPlaces,
  ...bundlePlaces,
  ...configPlaces,
  ...manifestPlaces
]
