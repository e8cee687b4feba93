import type { AssociationLookup } from '../model/association.js'
import type { Fact } from '../model/fact.js'
import { type Container, type Pod, type Variable, variableOf } from '../model/pod.js'
import { shortList } from '../text/escape.js'
import { credentialsOf } from './credentials.js'
import { foreseeAgentMutation, foreseeMutation } from './mutation.js'
import type { RoleRequest } from './role-request.js'
import type { IdentityWebhookSettings } from './settings.js'

/** Which chain gives pods their role, and why. */
export interface Chain {
  /** `none`: they get no role from either chain. */
  readonly chain: 'irsa' | 'pod-identity' | 'none' | 'unknown'
  /** The reason, as a clause. */
  readonly because: string
}

/** What decides which chain a service account, or one of its pods, is on. */
export interface ChainQuestion {
  /** The role that the service account requests; undefined if it requests none. */
  readonly request: Fact<RoleRequest | undefined>
  readonly association: Fact<AssociationLookup>
  /** The pod, or the pods of a template. If omitted, the result is for the service account. */
  readonly template?: {
    readonly pod: Pod
    /** Whether the pod has gone through the identity webhook, so that its containers show what they got. */
    readonly isMutated: boolean
    readonly settings: IdentityWebhookSettings
  }
}

/**
 * Which chain a service account, or one of its pods, is on. The identity webhook ignores the role annotation
 * of an account that has an association (https://github.com/aws/amazon-eks-pod-identity-webhook,
 * pkg/handler/handler.go). In a container, AWS SDKs use access keys first, then a web identity, then the
 * endpoint of the EKS Pod Identity Agent
 * (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html). Never throws.
 */
export function chainOf({ request, association, template }: ChainQuestion): Chain {
  const ofAccount = chainOfAccount(request, association)
  if (template === undefined || template.pod.containers.length === 0) return ofAccount

  const { pod, isMutated, settings } = template
  if (isMutated) return chainOfContainers(pod, settings) ?? gotNothing(ofAccount)

  const later =
    ofAccount.chain === 'pod-identity'
      ? foreseeAgentMutation(pod, settings)
      : ofAccount.chain === 'irsa' && request.state === 'known' && request.value !== undefined
        ? foreseeMutation(pod, request.value, settings)
        : pod
  const own = chainOfContainers(later, settings)
  if (own !== undefined) return own.chain === ofAccount.chain ? ofAccount : own

  return ofAccount.chain === 'irsa' || ofAccount.chain === 'pod-identity'
    ? { chain: 'none', because: 'the pod keeps the identity webhook from giving it credentials' }
    : ofAccount
}

function chainOfAccount(request: ChainQuestion['request'], association: ChainQuestion['association']): Chain {
  const role = request.state === 'known' ? request.value?.role : undefined
  if (association.state === 'known' && association.value.exists) {
    const over = role === undefined ? '' : `, which wins over role ${role}`
    return {
      chain: 'pod-identity',
      because: `the service account has an EKS Pod Identity association${over}`
    }
  }
  if (association.state !== 'known') {
    const asked = role === undefined ? '' : ` requests role ${role}, but`
    return {
      chain: 'unknown',
      because: `the service account${asked} may have an EKS Pod Identity association: ${association.because}`
    }
  }
  if (request.state !== 'known') return { chain: 'unknown', because: request.because }

  return role === undefined
    ? { chain: 'none', because: 'the service account has neither a role nor an EKS Pod Identity association' }
    : { chain: 'irsa', because: `the service account requests role ${role}, and has no association` }
}

const gotNothing = ({ because }: Chain): Chain => ({
  chain: 'none',
  because: `no container of the pod received credentials, although ${because}`
})

/**
 * The chain of the containers that have credentials; undefined if no container has any. If the containers
 * differ, the chain is unknown.
 */
function chainOfContainers(pod: Pod, settings: IdentityWebhookSettings): Chain | undefined {
  const chains = pod.containers.flatMap((container) => {
    const chain = chainOfContainer(pod, container, settings)
    return chain === undefined ? [] : [{ ...chain, name: container.name }]
  })
  const [first] = chains
  if (first === undefined) return undefined
  const others = chains.filter(({ chain }) => chain !== first.chain)

  return others.length === 0
    ? { chain: first.chain, because: first.because }
    : {
        chain: 'unknown',
        because: `container ${first.name} has other credentials than ${shortList(others.map(({ name }) => name))}`
      }
}

function chainOfContainer(
  pod: Pod,
  container: Container,
  settings: IdentityWebhookSettings
): Chain | undefined {
  const earlier = earlierProviderOf(container)
  if (earlier !== undefined && earlier.provider !== 'web-identity') {
    return {
      // A profile can name any provider, including the container provider.
      chain: earlier.provider === 'profile' ? 'unknown' : 'none',
      because: `container ${container.name} sets ${earlier.variable.name}, which AWS SDKs use first`
    }
  }
  const credentials = credentialsOf(pod, container, settings)
  switch (credentials.kind) {
    case 'web-identity':
      return { chain: 'irsa', because: `container ${container.name} has a role and a web identity token` }
    case 'endpoint':
      return credentials.isPodIdentity
        ? { chain: 'pod-identity', because: `container ${container.name} has container credentials` }
        : {
            chain: 'none',
            because: `container ${container.name} sets ${credentials.variable.name} to an endpoint that is not the EKS Pod Identity Agent's`
          }
    case 'incomplete':
      return { chain: 'none', because: `container ${container.name} ${credentials.lacks}` }
    case 'none':
      return undefined
  }
}

/** What AWS SDKs use in a container before the EKS Pod Identity Agent, and the variable that causes this. */
export interface EarlierProvider {
  readonly provider: 'access-key' | 'web-identity' | 'profile'
  readonly variable: Variable
}

/**
 * What AWS SDKs use in a container before the EKS Pod Identity Agent; undefined if nothing is known to come
 * first. The SDKs differ in their order, but all try access keys, a web identity and the profile before the
 * agent. See the credential providers in https://github.com/aws/aws-sdk-js-v3,
 * https://github.com/boto/botocore, https://github.com/aws/aws-sdk-go-v2 and
 * https://github.com/aws/aws-sdk-java-v2.
 */
export function earlierProviderOf(container: Container): EarlierProvider | undefined {
  const key = setVariable(container, 'AWS_ACCESS_KEY_ID')
  if (key !== undefined && setVariable(container, 'AWS_SECRET_ACCESS_KEY') !== undefined)
    return { provider: 'access-key', variable: key }
  const file = setVariable(container, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  if (file !== undefined && setVariable(container, 'AWS_ROLE_ARN') !== undefined)
    return { provider: 'web-identity', variable: file }
  const profile = setVariable(container, 'AWS_PROFILE')

  return profile && { provider: 'profile', variable: profile }
}

/** A variable that is known to have a value. */
function setVariable(container: Container, name: string): Variable | undefined {
  const variable = variableOf(container, name)

  return variable === undefined || variable.value === '' || variable.source?.optional === true
    ? undefined
    : variable
}
