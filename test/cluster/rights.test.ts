import { readFileSync } from 'node:fs'
import t from 'tap'
import { startGuard } from '../control-plane/guard.ts'
import { startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksCluster, startEksServer } from '../support/eks-server.js'
import {
  guardOptionsFor,
  kubectlWith,
  namespace,
  serviceAccount,
  startTrustingIam
} from '../support/pod-cluster.js'
import { documentedActions, grantedRights } from '../support/rights.js'

// Every request of the guard is in the audit log of the API server.
const folder = t.testdir({
  'policy.yaml': `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    users:
      - 'system:serviceaccount:irsa-guard:irsa-guard-serve'
      - 'system:serviceaccount:irsa-guard:irsa-guard-controller'
  - level: None
`
})

interface AuditEvent {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly requestURI: string
  /** `authorization.k8s.io/decision` is `forbid` for a request without a right; a denial by admission has none. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly apiGroup?: string
  }
}

const usedElsewhere = new Set([
  // with the kinds of reports installed: background-scan.test.ts
  ...['reports.openreports.io', 'policyreports.wgpolicyk8s.io'].flatMap((reports) =>
    ['create', 'list', 'watch', 'update', 'delete'].map((verb) => `irsa-guard-controller ${verb} ${reports}`)
  ),
  'irsa-guard-controller delete webhooktrusts.irsa-guard.io', // if it cannot be updated: attacks.test.ts
  'irsa-guard-controller get certificaterequests.cert-manager.io' // with cert-manager installed: ca-sources.test.ts
])

const allowedElsewhere = [
  'iam:ListRoles', // only in scan --unused: scan.test.ts
  'sts:AssumeRole', // with iam.accounts: sources/iam/accounts.test.ts
  'sqs:ReceiveMessage', // with scan.changeQueue: change-queue.test.ts
  'sqs:DeleteMessage'
]

const operations: readonly (readonly [RegExp, string])[] = [
  [/^\/clusters\/[^/]+$/, 'DescribeCluster'],
  [/\/pod-identity-associations$/, 'ListPodIdentityAssociations'],
  [/\/pod-identity-associations\/[^/]+$/, 'DescribePodIdentityAssociation'],
  [/\/certificate-authorities$/, 'ListCertificateAuthorities'],
  [/\/certificate-authorities\/[^/]+$/, 'DescribeCertificateAuthority']
]

/** The operation of EKS that a request calls; the path itself if it is none that is known. */
function operationOf(request: string): string {
  const path = request.replace(/\?.*$/, '')

  return operations.find(([pattern]) => pattern.test(path))?.[1] ?? path
}

const association = {
  associationId: 'a-1',
  associationArn: 'arn:aws:eks:eu-west-1:111122223333:podidentityassociation/guard-test/a-1',
  clusterName: 'guard-test',
  namespace: 'other',
  serviceAccount: 'mail'
}

const webhookConfiguration = (
  name: string,
  service: { namespace: string; name: string },
  annotations: Record<string, string> = {}
): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: name.replaceAll('.', '-'), annotations },
  webhooks: [
    {
      name,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      clientConfig: { service },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }]
    }
  ]
})

// An identity webhook that runs in the cluster, as kOps installs it. It answers nothing.
const labels = { app: 'pod-identity-webhook' }
const metadata = { name: 'pod-identity-webhook', namespace: 'kube-system' }
const identityWebhook = [
  webhookConfiguration('pod-identity-webhook.amazonaws.com', metadata),
  { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 443 }] } },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata,
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'pod-identity-webhook', image: 'a', args: ['--watch-config-map=true'] }]
        }
      }
    }
  }
]

/** Objects that serve has to look up, because its watches have not seen them yet. */
const unseen = (name: string): object[] => [
  namespace(name),
  serviceAccount(name),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'cart', namespace: name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { serviceAccountName: 'gone', containers: [{ name: 'app', image: 'a' }] }
      }
    }
  }
]

t.test('each right that irsa-guard has is used', async (t) => {
  const controlPlane = await startControlPlane({
    apiServerFlags: { 'audit-log-path': `${folder}/audit.log`, 'audit-policy-file': `${folder}/policy.yaml` }
  })
  t.teardown(() => controlPlane.stop())
  const kubectl = kubectlWith(controlPlane)
  const iam = await startTrustingIam(controlPlane.issuer)
  t.teardown(() => iam.close())
  await kubectl('create -f -', ...identityWebhook)
  const ca = controlPlane.clusterCa.certificatePem
  const eks = await startEksServer({
    issuer: controlPlane.issuer,
    bundle: ca,
    authorities: [
      {
        id: 'one',
        signingStatus: 'IN_USE',
        distributionStatus: 'COMPLETE',
        data: Buffer.from(ca).toString('base64')
      }
    ],
    override: (path, response) => {
      const operation = operationOf(path)
      if (!operation.includes('PodIdentity')) return false
      response.setHeader('content-type', 'application/json')
      const described = {
        ...association,
        roleArn: 'arn:aws:iam::111122223333:role/mail',
        createdAt: 1,
        modifiedAt: 1
      }
      response.end(
        JSON.stringify(
          operation.startsWith('List') ? { associations: [association] } : { association: described }
        )
      )
      return true
    }
  })
  t.teardown(() => eks.close())
  const { config, env } = guardOptionsFor(iam)
  env['AWS_ENDPOINT_URL_EKS'] = eks.env['AWS_ENDPOINT_URL_EKS'] ?? ''
  const caBundle = { guard: ['injected.example.com', 'openshift.example.com'] }
  const guard = await startGuard(controlPlane, {
    config: { ...config, caBundle, eks: { clusterArn: eksCluster } },
    env
  })
  t.teardown(() => guard.stop())
  const service = { namespace: 'default', name: 'injected' }
  await kubectl(
    'create -f -',
    webhookConfiguration('injected.example.com', service, { 'cert-manager.io/inject-ca-from': 'default/a' }),
    webhookConfiguration('openshift.example.com', service, {
      'service.beta.openshift.io/inject-cabundle': 'true'
    })
  )
  const broken = JSON.stringify({ data: { 'tls.crt': 'YQ==' } })
  await controlPlane.kubectl(['-n', 'irsa-guard', 'patch', 'secret', 'irsa-guard-serving-cert', '-p', broken])

  const requests = (): AuditEvent[] =>
    readFileSync(`${folder}/audit.log`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent) // an event of level Metadata has these fields
  const unused = (): string[] => {
    const used = new Set(requests().map(rightOf))
    return grantedRights()
      .flatMap(({ who, what, verbs }) =>
        verbs.flatMap((verb) => what.map((each) => `${who} ${verb} ${each}`))
      )
      .filter((right) => !used.has(right) && !usedElsewhere.has(right))
  }
  let round = 0
  await waitFor(
    'each right to be used',
    async () => {
      await kubectl('create -f -', ...unseen(`shop-${round++}`))
      return unused().length === 0
    },
    120_000
  ).catch(() => undefined) // the next line names them
  t.strictSame(unused(), [])
  const forbidden = requests().filter(
    ({ annotations }) => annotations?.['authorization.k8s.io/decision'] === 'forbid'
  )
  t.strictSame(
    forbidden.map((event) => `${rightOf(event)}: ${event.requestURI}`),
    [],
    'no request needs a right that irsa-guard does not have'
  )

  const requestedOfAws = (): string[] => [
    ...new Set([
      ...iam.actions.map((action) => `${action === 'GetCallerIdentity' ? 'sts' : 'iam'}:${action}`),
      ...eks.requests.map((request) => `eks:${operationOf(request)}`)
    ])
  ]
  const expected = documentedActions().filter((action) => !allowedElsewhere.includes(action))
  await waitFor(
    'each AWS action to be requested',
    async () => expected.every((action) => requestedOfAws().includes(action)),
    60_000
  ).catch(() => undefined) // the next line names them
  t.strictSame(
    requestedOfAws().sort(),
    [...new Set([...expected, 'sts:GetCallerIdentity'])].sort(), // sts:GetCallerIdentity needs no permission
    'exactly the AWS actions that the documentation allows are requested'
  )
})

function rightOf({ verb, user, objectRef, requestURI }: AuditEvent): string {
  const who = user.username.split(':').at(-1) ?? ''
  if (objectRef === undefined) return `${who} ${verb} ${requestURI.split('?')[0] ?? ''}`

  const { resource, subresource, apiGroup } = objectRef
  const path = subresource === undefined ? resource : `${resource}/${subresource}`
  return `${who} ${verb} ${path}${apiGroup === undefined ? '' : `.${apiGroup}`}`
}
