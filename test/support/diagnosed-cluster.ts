import { renameSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand
} from '@aws-sdk/client-iam'
import t from 'tap'
import { diagnose, type DiagnoseOptions } from '../../src/commands/diagnose.js'
import type { Diagnosis } from '../../src/diagnosis/diagnosis.js'
import { recordOf } from '../../src/text/record.js'
import { findFreePort } from '../control-plane/free-port.ts'
import { startIdentityWebhook } from '../control-plane/identity-webhook.ts'
import type { Fault } from '../control-plane/identity-webhook-stand-in.ts'
import { startMoto } from '../control-plane/moto.ts'
import type { Finished } from '../control-plane/run.ts'
import { type ControlPlaneOptions, startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { eksAssociation, startFakeEks } from './fake-eks.js'
import { type IamReply, type IamRequest, startFakeIam } from './fake-iam.js'
import { forwardToMoto } from './moto-proxy.js'
import { startShell } from './paste.js'
import { kubectlWith, namespace, serviceAccount, standInWith } from './pod-cluster.js'
import { own, podStatement } from './pod-identity.js'
import { startStandInKubelet } from './stand-in-kubelet.js'
import { asks, policy, statement } from './trust.js'

export const account = '123456789012' // moto's own
export const clusterArn = `arn:aws:eks:us-east-1:${account}:cluster/prod`
export const cartRole = `arn:aws:iam::${account}:role/team/cart`
export const mailRole = `arn:aws:iam::${account}:role/mail`
export const annotationKey = 'eks.amazonaws.com/role-arn'

/**
 * A cluster with two service accounts that work: `shop/cart` by IRSA and `pay/mail` by EKS Pod Identity, each
 * with a Deployment of the same name. What is broken in it is real, except for AWS: IAM is moto, EKS a server
 * with the shapes of the SDK.
 */
export async function startDiagnosedCluster(directory: string, options: ControlPlaneOptions = {}) {
  const [controlPlane, moto, eks] = await Promise.all([
    startControlPlane(options),
    startMoto(),
    startFakeEks(undefined, account)
  ])
  t.teardown(() => eks.close())
  t.teardown(() => moto.stop())
  t.teardown(() => controlPlane.stop())
  const proxy = await startFakeIam(async (request) => {
    if (request.action === 'SimulatePrincipalPolicy') return simulated(moto.url, request)
    if (request.action === 'AddClientIDToOpenIDConnectProvider') return clientIdAdded(moto.url, request)

    return forwardToMoto(moto.url, request)
  })
  t.teardown(() => proxy.close())
  const aws = {
    AWS_ENDPOINT_URL: proxy.url,
    AWS_ENDPOINT_URL_EKS: eks.url,
    AWS_ACCESS_KEY_ID: 'AKIAOWN',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_REGION: 'us-east-1'
  }
  Object.assign(process.env, aws) // the AWS SDK reads the environment of its own process, which is the test's
  const iam = new IAMClient({})
  const kubectl = kubectlWith(controlPlane)
  const shell = await startShell(directory, aws)

  const [identities, faultFile] = [`${directory}/identities.json`, `${directory}/fault`]
  /** The identity webhook learns of the associations that EKS has. */
  const tellWebhook = (
    known: Iterable<Readonly<Record<string, unknown>>> = eks.associations.values()
  ): void => {
    const pairs = [...known].map(({ namespace, serviceAccount }) => ({ namespace, serviceAccount }))
    // It may read the file at this moment.
    writeFileSync(`${identities}.new`, JSON.stringify({ identities: pairs }))
    renameSync(`${identities}.new`, identities)
  }
  tellWebhook()
  const port = await findFreePort(eksPort)
  const isEksPort = port === eksPort
  const webhook = await startIdentityWebhook(controlPlane, {
    port,
    command: standInWith(faultFile),
    identities
  })
  t.teardown(() => webhook.stop())
  t.teardown(
    startStandInKubelet(controlPlane, ({ spec }) =>
      recordOf(recordOf(spec)['nodeSelector'])['eks.amazonaws.com/compute-type'] === 'fargate'
        ? 'fargate-1'
        : 'node-1'
    )
  )

  const issuerHost = controlPlane.issuer.replace('https://', '')
  const provider = `arn:aws:iam::${account}:oidc-provider/${issuerHost}`
  /** The statement that admits shop/cart, with parts replaced. */
  const cartStatement = (parts: Readonly<Record<string, unknown>> = {}): object =>
    statement({ Principal: { Federated: provider }, Condition: asks({}), ...parts })
  /** The statement that admits pay/mail, with parts replaced. */
  const mailStatement = (parts: Readonly<Record<string, unknown>> = {}): object =>
    podStatement({ Condition: mailKeys(), ...parts })
  const mailKeys = (keys: Readonly<Record<string, unknown>> = {}): object =>
    own({
      'aws:SourceArn': clusterArn,
      'aws:RequestTag/kubernetes-namespace': 'pay',
      'aws:RequestTag/kubernetes-service-account': 'mail',
      ...keys
    })
  const trust = async (role: string, ...statements: readonly object[]): Promise<unknown> =>
    iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName: role,
        PolicyDocument: JSON.stringify(policy(...statements))
      })
    )
  const createProvider = async (...clients: readonly string[]): Promise<unknown> =>
    iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: controlPlane.issuer,
        ClientIDList: [...clients],
        ThumbprintList: ['a'.repeat(40)]
      })
    )
  const createRole = async (name: string, statements: readonly object[], path = '/'): Promise<unknown> =>
    iam.send(
      new CreateRoleCommand({
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: JSON.stringify(policy(...statements))
      })
    )
  const allow = async (role: string, action: string): Promise<unknown> =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: role,
        PolicyName: 'own',
        PolicyDocument: JSON.stringify(policy({ Effect: 'Allow', Action: action, Resource: '*' }))
      })
    )
  const associate = (more: Readonly<Record<string, unknown>> = {}): void => {
    const associationArn = `arn:aws:eks:us-east-1:${account}:podidentityassociation/prod/a-1`
    const place = { namespace: 'pay', roleArn: mailRole, associationArn }
    eks.associations.set('a-1', eksAssociation('a-1', 'mail', { ...place, ...more }))
    tellWebhook()
  }

  await createProvider('sts.amazonaws.com')
  await createRole('cart', [cartStatement()], '/team/')
  await createRole('mail', [mailStatement()])
  associate()
  const applied = await kubectl(
    'apply -f -',
    ...[
      namespace('shop'),
      namespace('pay'),
      node('node-1', 'ec2'),
      node('fargate-1', 'fargate'),
      kubeProxy,
      agent
    ],
    ...[serviceAccount('shop', 'cart', { [annotationKey]: cartRole }), serviceAccount('pay', 'mail', {})],
    ...[deployment('cart'), deployment('mail')]
  )
  if (applied.code !== 0) throw new Error(applied.stderr)

  let renewals = 0
  /** Replaces the pods of a Deployment. `kubectl rollout restart` does nothing twice in a second. */
  async function renew(name: 'cart' | 'mail'): Promise<void> {
    const metadata = { annotations: { renewal: `${++renewals}` } }
    const patch = JSON.stringify({ spec: { template: { metadata } } })
    await controlPlane.kubectl(['patch', `deployment/${name}`, '-n', namespaceOf[name], '-p', patch])
    await settled(name)
  }

  /** Waits until the one pod of a Deployment is that of its newest template. */
  async function settled(name: 'cart' | 'mail'): Promise<void> {
    const space = namespaceOf[name]
    await waitFor(
      `the pod of ${space}/${name}`,
      async () => {
        const { stdout } = await kubectl(`get deployments,replicasets,pods -n ${space} -o json`)
        const { items } = JSON.parse(stdout || '{"items":[]}') as { items: readonly object[] }
        const objects = items.map(recordOf)
        const [deployed] = objects.filter(({ kind }) => kind === 'Deployment')
        const { observedGeneration, updatedReplicas } = recordOf(deployed?.['status'])
        const pods = objects.filter(({ kind }) => kind === 'Pod')
        const [pod] = pods

        return (
          observedGeneration === recordOf(deployed?.['metadata'])['generation'] &&
          updatedReplicas === 1 &&
          pods.length === 1 &&
          recordOf(pod?.['status'])['phase'] === 'Running'
        )
      },
      60_000
    )
  }

  const registration = (change: object = {}): object => {
    const whole = webhook.configurationFor(controlPlane.clusterCa.certificatePem) as { webhooks: object[] } // our own literal
    return { ...whole, webhooks: whole.webhooks.map((entry) => ({ ...entry, ...change })) }
  }

  /** The issuer's documents, as EKS copies them from the API server. */
  const documents = {
    keys: await served('/openid/v1/jwks'),
    discovery: { issuer: controlPlane.issuer, jwks_uri: `${controlPlane.issuer}/keys` } as object | undefined
  }
  async function served(path: string): Promise<object> {
    return JSON.parse((await kubectl(`get --raw ${path}`)).stdout) as object
  }
  async function fetchDocument(url: string): Promise<Response> {
    const document = url.endsWith('/keys') ? documents.keys : documents.discovery
    return document === undefined ? new Response('', { status: 404 }) : Response.json(document)
  }

  return {
    documents,
    /** Whether the identity webhook listens where a new registration calls it, which another process may prevent. */
    isEksPort,
    ...{ aws, controlPlane, eks, iam, kubectl, webhook, provider, issuerHost, proxy },
    ...{ cartStatement, mailStatement, mailKeys, trust, createProvider, createRole, allow, associate },
    ...{ tellWebhook, renew, settled },
    /** Registers the identity webhook, with fields replaced. */
    register: async (change: object = {}): Promise<Finished> => kubectl('apply -f -', registration(change)),
    setFault: (fault: Fault): void => writeFileSync(faultFile, fault),
    /** Changes the pod template of a Deployment, and waits for its pod. */
    template: async (name: 'cart' | 'mail', change: object = {}, metadata: object = {}): Promise<void> => {
      await kubectl('apply -f -', deployment(name, change, metadata))
      await settled(name)
    },
    /** Runs a printed command. */
    paste: async (command: string): Promise<Finished> => {
      const finished = await shell(command)
      tellWebhook()
      return finished
    },
    /** Diagnoses an object, with the options of the command replaced. */
    diagnosed: async (
      object: string,
      more: Partial<DiagnoseOptions> = {}
    ): Promise<{ code: number; diagnosis: Diagnosis }> => {
      let stdout = ''
      const terminal = {
        stdin: Readable.from([]),
        stdout: (text: string) => (stdout += text),
        stderr: (text: string) => t.comment(text)
      }
      const [, name = ''] = object.split('/')
      const options: DiagnoseOptions = {
        ...{ kubeconfig: controlPlane.kubeconfig, namespace: name.startsWith('mail') ? 'pay' : 'shop' },
        ...{ iam: [], aws: true, clusterArn, output: [{ format: 'json' as const, file: undefined }], ...more }
      }
      const code = await diagnose([object], options, terminal, { fetchDocument })

      return { code, diagnosis: JSON.parse(stdout) as Diagnosis }
    }
  }
}

/** Where EKS's identity webhook listens: https://github.com/aws/amazon-eks-pod-identity-webhook/issues/68 */
const eksPort = 23_443

const namespaceOf = { cart: 'shop', mail: 'pay' } as const

/** A Deployment with two containers; `change` is merged into the pod's spec. */
function deployment(name: 'cart' | 'mail', change: object = {}, metadata: object = {}): object {
  const labels = { app: name, ...recordOf(recordOf(metadata)['labels']) }

  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: namespaceOf[name] },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { ...metadata, labels },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: 0,
          containers: [
            { name: 'app', image: 'a' },
            { name: 'proxy', image: 'a' }
          ],
          ...change
        }
      }
    }
  }
}

const node = (name: string, computeType: string): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/os': 'linux', 'eks.amazonaws.com/compute-type': computeType } }
})

/** Without any other DaemonSet, the list could be that of somebody who sees none. */
const kubeProxy = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'kube-proxy', namespace: 'kube-system' },
  spec: {
    selector: { matchLabels: { app: 'kube-proxy' } },
    template: {
      metadata: { labels: { app: 'kube-proxy' } },
      spec: { containers: [{ name: 'kube-proxy', image: 'kube-proxy' }] }
    }
  }
}

/** The EKS Pod Identity Agent, as the add-on installs it: https://github.com/aws/eks-pod-identity-agent (chart). */
export const agent = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'eks-pod-identity-agent', namespace: 'kube-system' },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: {
      metadata: { labels: { app: 'agent' } },
      spec: {
        hostNetwork: true,
        terminationGracePeriodSeconds: 0,
        tolerations: [{ operator: 'Exists' }],
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    {
                      key: 'eks.amazonaws.com/compute-type',
                      operator: 'NotIn',
                      values: ['fargate', 'hybrid', 'auto']
                    }
                  ]
                }
              ]
            }
          }
        },
        containers: [{ name: 'agent', image: 'eks-pod-identity-agent' }]
      }
    }
  }
}

/**
 * The policy simulator, which moto lacks: an action is allowed if the one inline policy of the role names it.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
async function simulated(moto: string, request: IamRequest): Promise<IamReply> {
  const action = request.parameters.get('ActionNames.member.1') ?? ''
  const resource = request.parameters.get('ResourceArns.member.1') ?? ''
  const parameters = new URLSearchParams({
    Action: 'GetRolePolicy',
    RoleName: request.parameters.get('PolicySourceArn')?.split('/').at(-1) ?? '',
    PolicyName: 'own'
  })
  const own = await forwardToMoto(moto, { ...request, action: 'GetRolePolicy', parameters })
  const isAllowed =
    typeof own !== 'string' && own.status === 200 && decodeURIComponent(own.body).includes(`"${action}"`)

  return {
    body: `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member><EvalActionName>${action}</EvalActionName><EvalDecision>${isAllowed ? 'allowed' : 'implicitDeny'}</EvalDecision><EvalResourceName>${resource}</EvalResourceName></member></EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>`
  }
}

/** Adds a client ID to a provider, which moto cannot: the provider is made again. */
async function clientIdAdded(moto: string, request: IamRequest): Promise<IamReply> {
  const arn = request.parameters.get('OpenIDConnectProviderArn') ?? ''
  const send = async (action: string, more: Readonly<Record<string, string>>): Promise<IamReply> => {
    const parameters = new URLSearchParams({ Action: action, ...more })
    return forwardToMoto(moto, { ...request, action, parameters })
  }
  const read = await send('GetOpenIDConnectProvider', { OpenIDConnectProviderArn: arn })
  const body = typeof read === 'string' ? '' : read.body
  const list = /<ClientIDList>([^]*)<\/ClientIDList>/.exec(body)?.[1] ?? ''
  const before = [...list.matchAll(/<member>([^<]*)<\/member>/g)].map(([, id = '']) => id)
  const ids = [...before, request.parameters.get('ClientID') ?? '']
  await send('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: arn })
  await send('CreateOpenIDConnectProvider', {
    Url: `https://${arn.replace(/^[^/]*\//, '')}`,
    'ThumbprintList.member.1': 'a'.repeat(40),
    ...Object.fromEntries(ids.map((id, index) => [`ClientIDList.member.${index + 1}`, id]))
  })

  return {
    body: '<AddClientIDToOpenIDConnectProviderResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AddClientIDToOpenIDConnectProviderResponse>'
  }
}
