import { chainFact } from '../../src/facts/associations.js'
import type { Facts } from '../../src/facts/facts.js'
import { podRoleFact } from '../../src/facts/pod-role.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../../src/identity-webhook/settings.js'
import { known, moot } from '../../src/model/fact.js'
import type { Subject } from '../../src/model/subject.js'

export const role = 'arn:aws:iam::111122223333:role/cart'
export const otherRole = 'arn:aws:iam::111122223333:role/search'
export const mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount'

/**
 * The facts about a pod whose service account has these annotations; by default, it requests the role `cart`.
 */
export function accountFacts(
  annotations: Readonly<Record<string, unknown>> = {},
  {
    podsEnforced = false,
    settings = {}
  }: { podsEnforced?: boolean; settings?: Partial<IdentityWebhookSettings> } = {}
): Facts {
  return {
    account: known({ exists: true, annotations: { 'eks.amazonaws.com/role-arn': role, ...annotations } }),
    identityWebhook: known({ ...defaultIdentityWebhook, ...settings }),
    podsEnforced: known(podsEnforced),
    dataKeys: known(new Map())
  }
}

/** The same facts, and an EKS Pod Identity association; by default, the account requests no role. */
export const associatedFacts = (
  association: { since?: Date | undefined; ownerArn?: string } = {},
  options: Parameters<typeof accountFacts>[1] & { role?: string } = {}
): Facts => ({
  ...accountFacts({ 'eks.amazonaws.com/role-arn': options.role }, options),
  associated: known({ exists: true, since: undefined, ...association })
})

/** Facts about a service account, with what follows from them for a subject. */
export function withDerived(subject: Subject, facts: Facts): Facts {
  const { account = moot('not given'), associated = moot('not given'), identityWebhook } = facts
  if (identityWebhook?.state !== 'known') return facts

  const settings = identityWebhook.value
  const chain = chainFact(subject, { account, associated, settings })
  return {
    ...facts,
    ...(!(chain instanceof Promise) && { chain }),
    ...('pod' in subject &&
      facts.account && { podRole: podRoleFact(subject, { account, associated, settings }) })
  }
}

/** A pod of service account `cart`; `spec` and `metadata` override the defaults. */
export const podOf = (spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart-0', namespace: 'shop', ...metadata },
  spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }], ...spec }
})

/** A Deployment of service account `cart`. */
export const deploymentOf = (spec: object = {}, metadata: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: {
    template: { metadata, spec: { serviceAccountName: 'cart', containers: [{ name: 'app' }], ...spec } }
  }
})

export const tokenVolume = {
  name: 'aws-iam-token',
  projected: {
    sources: [
      { serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86400, path: 'token' } }
    ]
  }
}
export const tokenMount = { name: 'aws-iam-token', mountPath, readOnly: true }
export const roleEnv = { name: 'AWS_ROLE_ARN', value: role }
export const fileEnv = { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${mountPath}/token` }

/** A container after mutation by the identity webhook, with the settings of EKS. */
export const injectedContainer = (name: string, arn = role): object => ({
  name,
  env: [
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
    { name: 'AWS_DEFAULT_REGION', value: 'us-east-1' },
    { name: 'AWS_REGION', value: 'us-east-1' },
    { ...roleEnv, value: arn },
    fileEnv
  ],
  volumeMounts: [tokenMount]
})

/** A whole pod after mutation by the identity webhook. */
export const injectedPod = (...names: readonly string[]): object =>
  podOf({ containers: names.map((name) => injectedContainer(name)), volumes: [tokenVolume] })

export const agentEnv = {
  name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  value: 'http://169.254.170.23/v1/credentials'
}
const agentPath = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount'

/** A container after mutation by the identity webhook if the account has an EKS Pod Identity association. */
export const agentContainer = (
  name: string,
  uri = agentEnv.value
): { name: string; env: readonly object[]; volumeMounts: readonly object[] } => ({
  name,
  env: [
    { ...agentEnv, value: uri },
    { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${agentPath}/eks-pod-identity-token` }
  ],
  volumeMounts: [{ name: 'eks-pod-identity-token', mountPath: agentPath, readOnly: true }]
})

export const agentVolume = {
  name: 'eks-pod-identity-token',
  projected: {
    sources: [
      {
        serviceAccountToken: {
          audience: 'pods.eks.amazonaws.com',
          expirationSeconds: 80_000,
          path: 'eks-pod-identity-token'
        }
      }
    ]
  }
}
