import t from 'tap'
import type { StepName, StepState } from '../../src/diagnosis/diagnosis.js'
import {
  agents,
  agentSet,
  agentSpec,
  association,
  bundleOf,
  diagnosed,
  eksWebhook,
  giving,
  host,
  injectedSpec,
  irsa,
  otherCa,
  podIdentity,
  unchanged,
  type World
} from '../support/diagnosed.js'
import { own, podStatement, targetArn, targetQuestion } from '../support/pod-identity.js'
import { injectedContainer } from '../support/pods.js'
import { annotation, asks, issuer, policy, statement } from '../support/trust.js'

interface Case {
  readonly world: World
  readonly object?: string
  readonly first: StepName | undefined
  readonly states?: Partial<Record<StepName, StepState>>
  readonly says?: RegExp
  /** The commands, in order; by default, none. */
  readonly fix?: readonly RegExp[]
  readonly rule?: string
  readonly chain?: string
}

const key = 'eks.amazonaws.com/role-arn'
const bare = (...names: readonly string[]): object => ({
  serviceAccountName: 'cart',
  nodeName: 'node-1',
  containers: names.map((name) => ({ name }))
})
const spec = (value: object): World['template']['spec'] => value as World['template']['spec'] // an object literal
const withPod = (world: World, value: object, parts: Partial<NonNullable<World['pod']>> = {}): World => ({
  ...world,
  pod: { metadata: {}, status: { phase: 'Running' }, spec: spec(value), ...parts }
})
const withTrust = (world: World, ...statements: readonly object[]): World => ({
  ...world,
  iam: { ...world.iam, roles: [{ arn: annotation, trustPolicy: policy(...statements) }] }
})
const withTemplate = (world: World, value: object, metadata: object = {}): World => ({
  ...world,
  template: {
    metadata: { labels: { app: 'cart' }, ...metadata },
    spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }], ...value }
  }
})
/** A pod on EKS Pod Identity whose association was deleted; its service account is annotated with a role. */
const withoutAssociation = (...statements: readonly object[]): World => ({
  ...podIdentity,
  annotations: { [key]: annotation },
  iam: {
    ...podIdentity.iam,
    associations: [],
    roles: [{ arn: annotation, trustPolicy: policy(...statements) }]
  },
  admit: unchanged
})
const createAssociation =
  /^aws eks create-pod-identity-association --region us-east-1 --cluster-name prod --namespace shop --service-account cart --role-arn \S+$/
const correctPodIdentity =
  /^irsa-guard trust --role \S+ .*--cluster-arn \S+ --fix > cart-trust\.json && aws iam update-assume-role-policy --role-name cart --policy-document \S+$/
const restart = /^irsa-guard wait sa\/cart -n shop && kubectl rollout restart deployment\/cart -n shop$/
const keysEnv = [
  { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
  { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }
]
/** A role and a token that a template sets by itself. */
const handMade = {
  containers: [
    {
      name: 'app',
      env: [
        { name: 'AWS_ROLE_ARN', value: annotation },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/token/aws' }
      ],
      volumeMounts: [{ name: 'own', mountPath: '/token' }]
    }
  ],
  volumes: [
    {
      name: 'own',
      projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'aws' } }] }
    }
  ]
}
const waiting = (reason: string): object => ({
  phase: 'Pending',
  containerStatuses: [{ name: 'app', restartCount: 3, state: { waiting: { reason } } }]
})
const target = {
  ...association,
  targetRoleArn: targetArn,
  externalId: 'us-east-1/111122223333/prod/shop/cart'
}
const targetPolicy = targetQuestion(
  policy({
    Effect: 'Allow',
    Principal: { AWS: annotation },
    Action: ['sts:AssumeRole', 'sts:TagSession']
  })
).document

const cases: Readonly<Record<string, Case>> = {
  'a pod that works by IRSA': {
    world: irsa,
    first: undefined,
    chain: 'irsa',
    states: {
      issuer: 'ok',
      provider: 'ok',
      role: 'ok',
      'trust-policy': 'ok',
      token: 'ok',
      permission: 'unknown'
    }
  },
  'a pod that works by EKS Pod Identity': {
    world: podIdentity,
    first: undefined,
    chain: 'pod-identity',
    states: { association: 'ok', agent: 'ok', role: 'ok', 'trust-policy': 'ok' }
  },
  'a service account whose pods work': { world: irsa, object: 'sa/cart', first: undefined },
  'a pod by its name': { world: irsa, object: 'pod/cart-1-x', first: undefined },

  'an image that cannot be pulled': {
    world: withPod(irsa, injectedSpec(), { status: { ...waiting('ImagePullBackOff') } }),
    first: 'pod',
    says: /ImagePullBackOff/
  },
  'a pod that no node takes': {
    world: withPod(irsa, injectedSpec(), {
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', message: 'no room' }]
      }
    }),
    first: 'pod',
    says: /it cannot be scheduled: no room/
  },
  'containers that crash for no reason in the chain': {
    world: withPod(irsa, injectedSpec(), { status: { ...waiting('CrashLoopBackOff') } }),
    first: undefined,
    states: { pod: 'unknown' }
  },
  'containers that crash because of the trust policy': {
    world: withTrust(
      withPod(irsa, injectedSpec(), { status: { ...waiting('CrashLoopBackOff') } }),
      statement({ Condition: asks({ sub: 'system:serviceaccount:default:cart' }) })
    ),
    first: 'trust-policy',
    states: { pod: 'follows' },
    fix: [
      /^irsa-guard trust --role \S+ --iam iam\.json -n shop --service-account cart --issuer \S+ --fix > cart-trust\.json && aws iam update-assume-role-policy --role-name cart --policy-document file:\/\/cart-trust\.json$/
    ]
  },
  'no pod, because a quota forbids it': {
    world: {
      ...irsa,
      pod: undefined,
      others: [
        {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { namespace: 'shop', name: 'e' },
          involvedObject: { uid: 'replicaset' },
          type: 'Warning',
          reason: 'FailedCreate',
          message: 'exceeded quota: none',
          lastTimestamp: '2026-11-24T11:00:00Z'
        }
      ]
    },
    first: 'pod',
    says: /exceeded quota/
  },
  'a Deployment without pods': {
    world: { ...irsa, pod: undefined },
    first: undefined,
    says: /it has no pods/
  },
  'a static pod': {
    world: withPod(irsa, bare('app'), { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }),
    object: 'pod/cart-1-x',
    first: 'containers',
    says: /static pod/
  },

  'a service account that does not exist': {
    world: {
      ...irsa,
      accounts: [],
      pod: undefined,
      admit: () => ({ status: 403, body: { message: 'error looking up service account' } })
    },
    first: 'service-account',
    rule: 'service-account-missing',
    fix: [/^kubectl create serviceaccount cart -n shop$/]
  },

  'no annotation and no association': {
    world: withPod({ ...irsa, annotations: {}, admit: unchanged }, bare('app')),
    first: 'annotation',
    chain: 'none',
    states: { containers: 'follows', association: 'ok' },
    rule: 'role-annotation-missing',
    fix: [
      /^kubectl annotate serviceaccount cart -n shop --overwrite 'eks\.amazonaws\.com\/role-arn=/,
      restart
    ]
  },
  'no annotation, and no role that waits for it': {
    world: withTrust(
      withPod({ ...irsa, annotations: {}, admit: unchanged }, bare('app')),
      statement({ Condition: asks({ sub: 'system:serviceaccount:pay:cart' }) })
    ),
    first: 'annotation',
    says: /has no annotation eks\.amazonaws\.com\/role-arn, and no EKS Pod Identity association exists/
  },
  'associations that are not known': {
    world: withPod(
      { ...withTrust(irsa), annotations: {}, iam: { roles: [] }, admit: unchanged },
      bare('app')
    ),
    first: 'annotation',
    says: /no EKS Pod Identity association is known/
  },
  'an incomplete list of associations': {
    world: withPod(
      {
        ...irsa,
        annotations: {},
        iam: { roles: [], associations: [{ ...association, namespace: 'pay' }] },
        admit: unchanged
      },
      bare('app')
    ),
    first: 'containers',
    chain: 'unknown',
    states: { annotation: 'unknown', association: 'unknown' }
  },
  'a misspelt annotation': {
    world: withPod(
      { ...irsa, annotations: { 'eks.amazon.com/role-arn': annotation }, admit: unchanged },
      bare('app')
    ),
    first: 'annotation',
    rule: 'role-annotation-misspelt',
    fix: [
      /^kubectl annotate serviceaccount cart -n shop --overwrite 'eks\.amazonaws\.com\/role-arn=\S+' eks\.amazon\.com\/role-arn-$/,
      restart
    ]
  },
  'an annotation on the template': {
    world: withPod(
      withTemplate(
        { ...irsa, annotations: {}, admit: unchanged },
        {},
        { annotations: { [key]: annotation } }
      ),
      bare('app')
    ),
    first: 'annotation',
    rule: 'role-annotation-misplaced',
    fix: [/^kubectl annotate serviceaccount cart -n shop/, restart]
  },
  'an ARN with a space': {
    world: withPod({ ...irsa, annotations: { [key]: `${annotation} ` } }, injectedSpec(`${annotation} `)),
    first: 'annotation',
    rule: 'role-arn-malformed',
    states: { role: 'follows', 'trust-policy': 'follows', provider: 'follows' },
    fix: [
      /^kubectl annotate serviceaccount cart -n shop --overwrite 'eks\.amazonaws\.com\/role-arn=\S+cart'$/,
      restart
    ]
  },
  'the ARN of a policy': {
    world: withPod({ ...irsa, annotations: { [key]: 'arn:aws:iam::111122223333:policy/cart' } }, bare('app')),
    first: 'annotation',
    rule: 'role-arn-malformed',
    states: { containers: 'follows' }
  },
  'an empty annotation': {
    world: withPod({ ...irsa, annotations: { [key]: '' }, admit: unchanged }, bare('app')),
    first: 'annotation'
  },

  'no identity webhook': {
    world: withPod({ ...irsa, webhook: undefined, admit: unchanged }, bare('app')),
    first: 'identity-webhook',
    rule: 'identity-webhook-missing',
    states: { containers: 'follows', token: 'follows' },
    fix: [
      /^printf %s '\{"apiVersion":"admissionregistration\.k8s\.io\/v1".*\}' \| kubectl apply -f -$/,
      restart
    ]
  },
  'an identity webhook that is called for updates only': {
    world: withPod(
      {
        ...irsa,
        webhook: {
          ...eksWebhook,
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['pods'] }]
        },
        admit: unchanged
      },
      bare('app')
    ),
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    fix: [
      /^kubectl patch mutatingwebhookconfiguration pod-identity-webhook --type json -p '\[\{"op":"test","path":"\/webhooks\/0\/name","value":"iam-for-pods\.amazonaws\.com"\},\{"op":"add","path":"\/webhooks\/0\/rules"/,
      restart
    ]
  },
  'a match condition that excludes the pod': {
    world: withPod(
      {
        ...irsa,
        webhook: { ...eksWebhook, matchConditions: [{ name: 'a', expression: 'false' }] },
        admit: unchanged
      },
      bare('app')
    ),
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    fix: [/\{"op":"remove","path":"\/webhooks\/0\/matchConditions"\}/, restart]
  },
  'the same condition, which the pod meets': {
    world: { ...irsa, webhook: { ...eksWebhook, matchConditions: [{ name: 'a', expression: 'object.x' }] } },
    first: undefined
  },
  'the caBundle of another cluster': {
    world: withPod(
      {
        ...irsa,
        webhook: {
          ...eksWebhook,
          clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle: bundleOf(otherCa) }
        },
        admit: unchanged
      },
      bare('app')
    ),
    first: 'identity-webhook',
    rule: 'ca-bundle-untrusted',
    says: /the caBundle of webhook iam-for-pods\.amazonaws\.com is foreign/,
    fix: [/^irsa-guard ca mutatingwebhookconfiguration\/pod-identity-webhook --fix \| sh$/, restart]
  },
  'a webhook that does not answer': {
    world: withPod({ ...irsa, admit: unchanged }, bare('app')),
    first: 'identity-webhook',
    says: /a pod created now, in a dry run, got no credentials/
  },
  'a webhook that does not answer, with failurePolicy Fail': {
    world: {
      ...irsa,
      pod: undefined,
      admit: () => ({
        status: 500,
        body: { message: 'failed calling webhook "iam-for-pods.amazonaws.com": x509' }
      })
    },
    first: 'identity-webhook',
    says: /the API server refuses every pod/
  },
  'a pod in a dry run that a quota refuses': {
    world: { ...irsa, admit: () => ({ status: 403, body: { message: 'exceeded quota' } }) },
    first: undefined,
    states: { 'identity-webhook': 'unknown', containers: 'ok' }
  },
  'a broken webhook next to a pod that is older': {
    world: { ...irsa, admit: unchanged },
    first: 'identity-webhook',
    states: { containers: 'ok', token: 'ok' }
  },

  'a pod that is older than the fix': {
    world: withPod(irsa, bare('app')),
    first: 'containers',
    rule: 'pod-not-mutated',
    fix: [restart]
  },
  'a container of the template that got nothing': {
    world: withTemplate(
      withPod(irsa, {
        ...injectedSpec(),
        containers: [injectedContainer('app', annotation), { name: 'proxy' }]
      }),
      { containers: [{ name: 'app' }, { name: 'proxy' }] }
    ),
    first: 'containers',
    rule: 'pod-half-mutated',
    fix: [restart]
  },
  'a sidecar that another webhook injected later': {
    world: withPod(irsa, {
      ...injectedSpec(),
      containers: [injectedContainer('app', annotation), { name: 'istio' }]
    }),
    first: undefined
  },
  'a role that is not that of the annotation any more': {
    world: withPod(irsa, injectedSpec('arn:aws:iam::111122223333:role/old')),
    first: 'containers',
    rule: 'pod-role-mismatch',
    fix: [restart]
  },
  'a role that the template sets without a token': {
    world: withTemplate(
      withPod(irsa, {
        ...bare(),
        containers: [{ name: 'app', env: [{ name: 'AWS_ROLE_ARN', value: annotation }] }]
      }),
      { containers: [{ name: 'app', env: [{ name: 'AWS_ROLE_ARN', value: annotation }] }] }
    ),
    first: 'containers',
    rule: 'mutation-preempted',
    fix: [/^kubectl set env deployment\/cart -n shop -c app AWS_ROLE_ARN-$/]
  },
  'access keys': {
    world: withTemplate(withPod(irsa, { ...bare(), containers: [{ name: 'app', env: keysEnv }] }), {
      containers: [{ name: 'app', env: keysEnv }]
    }),
    first: 'containers',
    rule: 'static-credentials-shadow-role',
    states: { 'node-role': 'ok' },
    fix: [/^kubectl set env deployment\/cart -n shop -c app AWS_ACCESS_KEY_ID- AWS_SECRET_ACCESS_KEY-$/]
  },
  'the label that skips the webhook': {
    world: withTemplate(
      withPod(irsa, bare('app'), {
        metadata: { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'x' } }
      }),
      {},
      {
        labels: { app: 'cart', 'eks.amazonaws.com/skip-pod-identity-webhook': 'x' }
      }
    ),
    first: 'containers',
    rule: 'mutation-skipped',
    fix: [
      /^kubectl patch deployment cart -n shop --type json -p '\[\{"op":"remove","path":"\/spec\/template\/metadata\/labels\/eks\.amazonaws\.com~1skip-pod-identity-webhook"\}\]'$/
    ]
  },
  'a template that skips every container, before there is a pod': {
    world: withTemplate(
      { ...irsa, pod: undefined },
      {},
      { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }
    ),
    first: 'containers',
    rule: 'mutation-skipped',
    fix: [/annotations\/eks\.amazonaws\.com~1skip-containers/]
  },

  'an empty audience': {
    world: withPod(
      { ...irsa, annotations: { [key]: annotation, 'eks.amazonaws.com/audience': '' } },
      {
        ...injectedSpec(),
        volumes: [
          { name: 'aws-iam-token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }
        ]
      }
    ),
    first: 'token',
    fix: [
      /^kubectl annotate serviceaccount cart -n shop --overwrite eks\.amazonaws\.com\/audience-$/,
      restart
    ]
  },

  'an issuer that has lost its discovery document': {
    world: { ...irsa, published: {} },
    first: 'issuer',
    says: /serves no discovery document/
  },
  'an issuer whose document names another one': {
    world: {
      ...irsa,
      published: { [`${issuer}/.well-known/openid-configuration`]: { issuer: 'https://a.b' } }
    },
    first: 'issuer',
    says: /names issuer https:\/\/a\.b/
  },
  'an issuer with other keys': {
    world: { ...irsa, published: { ...irsa.published, [`${issuer}/keys`]: { keys: [{ kid: 'old' }] } } },
    first: 'issuer',
    says: /publishes none of the API server's keys \(one\)/
  },
  'keys of the API server without IDs': {
    world: { ...irsa, documents: { '/openid/v1/jwks': { keys: [{}] } } },
    first: undefined,
    states: { issuer: 'unknown' }
  },
  'an issuer that lacks one of two keys': {
    world: { ...irsa, documents: { '/openid/v1/jwks': { keys: [{ kid: 'one' }, { kid: 'two' }] } } },
    first: undefined,
    states: { issuer: 'unknown' }
  },
  'an issuer whose keys are gone': {
    world: {
      ...irsa,
      published: { [`${issuer}/.well-known/openid-configuration`]: { issuer, jwks_uri: 'http://a' } }
    },
    first: 'issuer',
    says: /keys .*are missing/
  },
  'an issuer whose keys this machine may not read': {
    world: { ...irsa, published: { ...irsa.published, [`${issuer}/keys`]: 403 } },
    first: undefined,
    states: { issuer: 'unknown' },
    says: /HTTP 403/
  },
  'an issuer that this machine cannot reach': {
    world: { ...irsa, published: { [`${issuer}/.well-known/openid-configuration`]: new Error('ENOTFOUND') } },
    first: undefined,
    states: { issuer: 'unknown' },
    says: /could not be read from this machine \(ENOTFOUND\)/
  },
  'an API server that hides its keys': {
    world: { ...irsa, refused: /openid\/v1/ },
    first: undefined,
    states: { issuer: 'unknown' },
    says: /keys could not be compared/
  },
  'an issuer inside the cluster': {
    world: {
      ...irsa,
      documents: { '/.well-known/openid-configuration': { issuer: 'https://kubernetes.default.svc' } },
      iam: { ...irsa.iam, oidcProviders: [] }
    },
    first: 'issuer',
    says: /AWS cannot reach https:\/\/kubernetes\.default\.svc/,
    states: { provider: 'wrong' },
    fix: [/^irsa-guard trust/]
  },

  'no OIDC provider': {
    world: { ...irsa, iam: { ...irsa.iam, oidcProviders: [] } },
    first: 'provider',
    rule: 'oidc-provider-missing',
    fix: [
      /^aws iam create-open-id-connect-provider --url https:\/\/\S+ --client-id-list sts\.amazonaws\.com$/
    ]
  },
  'a provider without the client ID': {
    world: {
      ...irsa,
      iam: {
        ...irsa.iam,
        oidcProviders: [{ arn: `arn:aws:iam::111122223333:oidc-provider/${host}`, clientIds: ['other'] }]
      }
    },
    first: 'provider',
    rule: 'oidc-client-id-missing',
    fix: [
      /^aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn \S+ --client-id sts\.amazonaws\.com$/
    ]
  },
  'a role that was deleted': {
    world: { ...irsa, iam: { ...irsa.iam, roles: [] } },
    first: 'role',
    rule: 'role-missing',
    states: { 'trust-policy': 'follows' },
    fix: [
      /^aws iam create-role --role-name cart --path \/team\/ --assume-role-policy-document '\{"Version":"2012-10-17".*system:serviceaccount:shop:cart/
    ]
  },
  'a role with another path': {
    world: {
      ...irsa,
      iam: {
        ...irsa.iam,
        roles: [{ arn: 'arn:aws:iam::111122223333:role/cart', trustPolicy: policy(statement()) }]
      }
    },
    first: 'role',
    rule: 'role-path-mismatch',
    fix: [
      /^kubectl annotate serviceaccount cart -n shop --overwrite 'eks\.amazonaws\.com\/role-arn=arn:aws:iam::111122223333:role\/cart'$/,
      restart
    ]
  },
  'a role that was probably misspelt': {
    world: {
      ...irsa,
      annotations: { [key]: 'arn:aws:iam::111122223333:role/team/carts' },
      pod: undefined
    },
    first: 'role',
    rule: 'role-missing'
  },
  'a policy that denies': {
    world: withTrust(irsa, statement(), statement({ Effect: 'Deny', Condition: undefined })),
    first: 'trust-policy',
    rule: 'trust-explicit-deny'
  },
  'a policy that depends on the request': {
    world: withTrust(
      irsa,
      statement({ Condition: { ...asks({}), IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })
    ),
    first: undefined,
    states: { 'trust-policy': 'unknown' }
  },
  'two faults at once': {
    world: withTrust(
      withPod({ ...irsa, iam: { ...irsa.iam, oidcProviders: [] } }, bare('app')),
      statement({ Condition: asks({ sub: 'system:serviceaccount:shop:other' }) })
    ),
    first: 'containers',
    states: { provider: 'wrong', 'trust-policy': 'wrong' },
    fix: [/^aws iam create-open-id-connect-provider/, /^irsa-guard trust/, restart]
  },
  'a role that the template sets by itself': {
    world: withTemplate(
      withPod({ ...irsa, annotations: {}, admit: unchanged }, { ...bare(), ...handMade }),
      handMade
    ),
    first: undefined,
    chain: 'irsa',
    states: { 'identity-webhook': 'ok' },
    says: /the pod template itself sets role/
  },
  'an annotation that was removed after the pod was created': {
    world: { ...withTrust(irsa), annotations: {}, admit: unchanged },
    first: 'annotation',
    chain: 'irsa'
  },

  'an association that was deleted': {
    world: { ...podIdentity, iam: { ...podIdentity.iam, associations: [] }, admit: unchanged },
    first: 'association',
    chain: 'pod-identity',
    states: { role: 'follows', 'trust-policy': 'follows', 'identity-webhook': 'follows' }
  },
  'a deleted association of an account with an annotation': {
    world: withoutAssociation(podStatement({ Condition: own() })),
    first: 'association',
    fix: [createAssociation]
  },
  'a deleted association, and an annotated role that trusts another namespace': {
    world: withoutAssociation(
      podStatement({ Condition: own({ 'aws:RequestTag/kubernetes-namespace': 'pay' }) })
    ),
    first: 'association',
    says: /make role cart trust EKS Pod Identity for this service account, then create the association again/,
    fix: [correctPodIdentity, createAssociation]
  },
  'a deleted association, and an annotated role that trusts the OIDC provider only': {
    world: withoutAssociation(statement({})),
    first: 'association',
    states: { role: 'follows', 'trust-policy': 'follows' },
    fix: [correctPodIdentity, createAssociation]
  },
  'a deleted association, and an annotated role with a Deny that no edit undoes': {
    world: withoutAssociation(podStatement({ Condition: own() }), podStatement({ Effect: 'Deny' })),
    first: 'association',
    says: /but first: make role \S+ trust EKS Pod Identity for this service account \(irsa-guard trust --role \S+ .*--cluster-arn \S+\)/
  },
  'a deleted association, and an annotated role that depends on the request': {
    world: withoutAssociation(
      podStatement({ Condition: { StringEquals: { 'aws:SourceOrgID': 'o-example' } } })
    ),
    first: 'association',
    says: /but first: check that role \S+ trusts EKS Pod Identity, which depends on conditions/
  },
  'a deleted association, and an annotated role whose policy cannot be read': {
    world: {
      ...withoutAssociation(),
      iam: { associations: [], cluster: podIdentity.iam['cluster'] }
    },
    first: 'association',
    says: /but first: check that role \S+ trusts EKS Pod Identity, which could not be determined \(the IAM file does not list/
  },
  'a deleted association, and an annotated role that was deleted': {
    world: { ...withoutAssociation(), iam: { ...podIdentity.iam, associations: [], roles: [] } },
    first: 'association',
    fix: [/^aws iam create-role --role-name cart .*pods\.eks\.amazonaws\.com/, createAssociation]
  },
  'a deleted association, and a role with another path': {
    world: {
      ...withoutAssociation(),
      iam: {
        ...podIdentity.iam,
        associations: [],
        roles: [{ arn: annotation.replace('role/', 'role/other/'), trustPolicy: policy() }]
      }
    },
    first: 'association',
    says: /choose the role, because the annotated role \S+ does not exist; there is arn:aws:iam::111122223333:role\/other/
  },
  'a deleted association, and an annotated role with a name nearly right': {
    world: {
      ...withoutAssociation(),
      iam: {
        ...podIdentity.iam,
        associations: [],
        roles: [{ arn: `${annotation}s`, trustPolicy: policy() }]
      }
    },
    first: 'association',
    says: /does not exist; there is \S+carts/
  },
  'a deleted association, and an annotated role of another account': {
    world: {
      ...withoutAssociation(),
      annotations: { [key]: targetArn }
    },
    first: 'association',
    says: /with a role in the cluster's account 111122223333 that trusts EKS Pod Identity/
  },
  'a pod that is older than its association': {
    world: withPod(podIdentity, bare('app')),
    first: 'containers',
    rule: 'pod-not-mutated',
    fix: [restart]
  },
  'a webhook that does not know the association': {
    world: withPod({ ...podIdentity, admit: giving(injectedSpec()) }, bare('app')),
    first: 'identity-webhook',
    says: /got the annotated role instead/
  },
  'a session policy that is not JSON': {
    world: {
      ...podIdentity,
      iam: { ...podIdentity.iam, associations: [{ ...association, policy: '{', disableSessionTags: true }] }
    },
    first: 'association',
    rule: 'pod-identity-session-policy-invalid'
  },
  'no agent in the cluster': {
    world: {
      ...podIdentity,
      others: [
        {
          apiVersion: 'apps/v1',
          kind: 'DaemonSet',
          metadata: { name: 'kube-proxy', namespace: 'kube-system' }
        }
      ]
    },
    first: 'agent',
    rule: 'pod-identity-agent-missing',
    fix: [/^aws eks create-addon --region us-east-1 --cluster-name prod --addon-name eks-pod-identity-agent$/]
  },
  'no agent on the node': {
    world: { ...podIdentity, others: [agentSet] },
    first: 'agent',
    says: /runs on node node-1, so nothing answers/
  },
  'an agent that is not ready': {
    world: { ...podIdentity, others: agents('False') },
    first: 'agent',
    says: /eks-pod-identity-agent-x on node node-1 is not ready/
  },
  'a pod that is on no node yet': {
    world: withPod(podIdentity, { ...agentSpec, nodeName: undefined }),
    first: undefined,
    states: { agent: 'ok' }
  },
  'agents that may not be read': {
    world: { ...podIdentity, refused: /v1\/(?:namespaces\/kube-system\/)?(?:pods|daemonsets)$/ },
    first: undefined,
    states: { agent: 'unknown' }
  },
  'a user who may list kube-system only': {
    world: { ...podIdentity, refused: /v1\/(?:pods|daemonsets)$/ },
    first: undefined,
    states: { agent: 'ok' }
  },
  'a pod on Fargate': {
    world: withPod(podIdentity, {
      ...agentSpec,
      nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' }
    }),
    first: 'agent',
    rule: 'pod-identity-unsupported-node'
  },
  'a role of the association that was deleted': {
    world: { ...podIdentity, iam: { ...podIdentity.iam, roles: [] } },
    first: 'role',
    rule: 'pod-identity-role-missing',
    fix: [
      /^aws iam create-role --role-name cart --path \/team\/ .*pods\.eks\.amazonaws\.com.*kubernetes-service-account/
    ]
  },
  'a role for another namespace': {
    world: withTrust(
      podIdentity,
      podStatement({ Condition: own({ 'aws:RequestTag/kubernetes-namespace': 'pay' }) })
    ),
    first: 'trust-policy',
    rule: 'pod-identity-tag-mismatch',
    fix: [
      /^irsa-guard trust --role \S+ --iam iam\.json -n shop --service-account cart --cluster-arn \S+ --fix > /
    ]
  },
  'a target role that works': {
    world: {
      ...podIdentity,
      iam: {
        ...podIdentity.iam,
        accounts: ['111122223333', '444455556666'],
        associations: [target],
        roles: [
          { arn: annotation, trustPolicy: policy(podStatement({ Condition: own() })) },
          { arn: targetArn, trustPolicy: targetPolicy }
        ]
      }
    },
    first: undefined,
    states: { 'target-role': 'ok' }
  },
  'a target role that does not trust the first one': {
    world: {
      ...podIdentity,
      iam: {
        ...podIdentity.iam,
        accounts: ['111122223333', '444455556666'],
        associations: [target],
        roles: [
          { arn: annotation, trustPolicy: policy(podStatement({ Condition: own() })) },
          { arn: targetArn, trustPolicy: policy(podStatement()) }
        ]
      }
    },
    first: 'target-role',
    rule: 'pod-identity-target-untrusted',
    fix: [
      /--first-role \S+ --external-id us-east-1\/111122223333\/prod\/shop\/cart --fix > reports-trust\.json/
    ]
  },
  'a target role that does not exist': {
    world: {
      ...podIdentity,
      iam: { ...podIdentity.iam, accounts: ['111122223333', '444455556666'], associations: [target] }
    },
    first: 'target-role',
    rule: 'pod-identity-role-missing'
  },
  'a target role in an account that was not read': {
    world: { ...podIdentity, iam: { ...podIdentity.iam, associations: [target] } },
    first: undefined,
    states: { 'target-role': 'unknown' }
  },
  'an association that came after the pod, which still uses IRSA': {
    world: { ...irsa, iam: { ...irsa.iam, associations: [association] }, admit: giving(agentSpec) },
    first: undefined,
    chain: 'irsa',
    says: /but this pod still uses IRSA/
  },

  'a user who may read nothing but the pod': {
    world: {
      ...irsa,
      refused: /^POST|configurations|namespaces\/shop$|serviceaccounts|replicasets|configmaps|well-known/
    },
    object: 'pod/cart-1-x',
    first: undefined,
    states: {
      'service-account': 'unknown',
      'identity-webhook': 'unknown',
      containers: 'ok',
      issuer: 'unknown'
    }
  },
  'a user who may not list pods': {
    world: { ...irsa, refused: /\/pods$/ },
    first: undefined,
    states: { pod: 'unknown', containers: 'unknown' }
  }
}

for (const [why, { world, object, first, states = {}, says, fix = [], rule, chain }] of Object.entries(
  cases
)) {
  t.test(why, async (t) => {
    const diagnosis = await diagnosed(world, object)
    const { steps } = diagnosis
    const details = {
      steps: steps.map(
        ({ step, state, message, because }) => `${step} ${state} ${message} (${because ?? ''})`
      ),
      fix: diagnosis.fix
    }
    t.equal(diagnosis.first, first, 'the first wrong step', details)
    if (chain !== undefined) t.equal(diagnosis.chain, chain)
    for (const [name, state] of Object.entries(states))
      t.equal(steps.find(({ step }) => step === name)?.state, state, name, details)
    if (rule !== undefined) t.equal(steps.find(({ step }) => step === first)?.rule, rule)
    if (says !== undefined)
      t.match(
        steps.map(({ message, because = '', fix = '' }) => `${message} ${because} ${fix}`).join('\n'),
        says
      )
    t.equal(diagnosis.fix.length, fix.length, 'the number of commands', details)
    for (const [index, pattern] of fix.entries()) t.match(diagnosis.fix[index], pattern)
  })
}

t.test('an API server that goes away half-way leaves steps unknown', async (t) => {
  for (let answered = 2; answered < 14; answered++) {
    const { steps, fix } = await diagnosed({ ...irsa, answered })
    t.strictSame(fix, [], `${answered} answers`)
    t.ok(
      steps.some(({ state }) => state === 'unknown'),
      `${answered} answers`
    )
  }
  await t.rejects(diagnosed({ ...irsa, answered: 0 }), { code: 'ERR_KUBECONFIG', message: /ECONNREFUSED/ })
})
