import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import type { ControlPlane } from '../../test/control-plane/start.ts'
import {
  absentReply,
  type FakeIam,
  identityReply,
  providerReply,
  providersReply,
  roleReply,
  startFakeIam
} from '../../test/support/fake-iam.ts'
import type { LargeCluster } from './large-cluster.ts'

/** Placeholder credentials, and one endpoint for all AWS services. */
export const environmentFor = (endpoint: string): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: endpoint
})

/** IAM over HTTP, whose trust policies can be changed. */
export interface LargeIam extends FakeIam {
  setTrustPolicy(arn: string, trustPolicy: object): void
}

/** An HTTP server that answers as IAM and STS do, with the facts of a snapshot. */
export async function startIam({ accounts, roles, oidcProviders }: LargeCluster['iam']): Promise<LargeIam> {
  const nameOf = (arn: string): string => arn.split('/').at(-1) ?? ''
  const policies = new Map(roles.map(({ arn, trustPolicy }) => [nameOf(arn), { arn, trustPolicy }]))
  const [account = ''] = accounts
  const iam = await startFakeIam(({ action, parameters }) => {
    const role = policies.get(parameters.get('RoleName') ?? '')
    if (action === 'GetCallerIdentity') return identityReply(account)
    if (action === 'GetRole') return role === undefined ? absentReply : roleReply(role.arn, role.trustPolicy)
    const provider = oidcProviders.find(({ arn }) => arn === parameters.get('OpenIDConnectProviderArn'))

    return provider === undefined
      ? providersReply(oidcProviders.map(({ arn }) => arn))
      : providerReply(provider.arn.split(':oidc-provider/')[1] ?? '', provider.clientIds)
  })

  return {
    ...iam,
    setTrustPolicy: (arn, trustPolicy) => void policies.set(nameOf(arn), { arn, trustPolicy })
  }
}

/** How often each text occurs, such as `GetRole 2000, GetCallerIdentity 1`. */
export const countsOf = (texts: readonly string[]): string =>
  [...Map.groupBy(texts, (text) => text)].map(([text, { length }]) => `${text} ${length}`).join(', ')

const atOnce = 20

/** Creates objects with the administrator's certificate, a few at a time. */
export async function buildPoster(
  controlPlane: ControlPlane
): Promise<(objects: readonly object[]) => Promise<void>> {
  const { certPem, keyPem } = await controlPlane.clientCertificate('bench', ['system:masters'])
  const agent = new Agent({
    keepAlive: true,
    maxSockets: atOnce,
    ca: await readFile(controlPlane.caFile, 'utf8'),
    cert: certPem,
    key: keyPem
  })

  return async (objects) => {
    const waiting = [...objects]
    const work = async (): Promise<void> => {
      for (let object = waiting.pop(); object !== undefined; object = waiting.pop())
        await create(controlPlane.url, agent, object)
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }
}

const plurals: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Pod: 'pods'
}

async function create(url: string, agent: Agent, object: object): Promise<void> {
  const { kind, metadata } = object as { kind: string; metadata: { namespace?: string } } // made in large-cluster.ts
  const within = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(
      `${url}/api/v1${within}/${plurals[kind]}`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      }
    )
    sent.on('error', reject)
    sent.end(JSON.stringify(object))
  })
  if (status !== 201) throw new Error(`expected status 201, got ${status} for ${JSON.stringify(object)}`)
}
