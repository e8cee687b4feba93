import type { ClusterArn } from '../model/cluster-arn.js'
import { hasWildcard } from '../text/glob.js'
import { type Defect, parsePolicyDocument } from './document.js'
import { podsService, requestTag } from './pod-identity/caller.js'
import { type Condition, parsePolicy, type Statement } from './policy.js'
import { hasVariable } from './variables.js'

/** The callers that a trust policy can admit, if it admits only service accounts. */
export interface ServiceAccountsOnly {
  /**
   * The subjects of one issuer, such as `system:serviceaccount:shop:cart`. They may have wildcards: `*` if the
   * policy does not limit them.
   */
  readonly subjects: readonly string[]
  /** Whether EKS Pod Identity is admitted for the cluster alone, for other clusters as well, or not at all. */
  readonly podIdentity: 'none' | 'this-cluster' | 'any-cluster'
}

/** The cluster whose service accounts count. */
export interface TrustedCluster {
  /** The OIDC issuer, with its `https://`. */
  readonly issuer: string
  readonly clusterArn: ClusterArn | undefined
}

/**
 * The callers that a trust policy can admit, if it admits only service accounts of this cluster or EKS Pod
 * Identity. Undefined if it may admit anything else, or admits neither. Returns the defect if the policy
 * cannot be parsed. Deny statements are ignored, so the policy may admit fewer callers than the result lists.
 * Never throws.
 */
export function serviceAccountsOnly(
  { document, encoding }: { readonly document: unknown; readonly encoding?: 'json' | 'url' | undefined },
  cluster: TrustedCluster
): ServiceAccountsOnly | Defect | undefined {
  const parsed = parsePolicyDocument(document, encoding)
  const policy = 'reason' in parsed ? parsed : parsePolicy(parsed.value)
  if ('reason' in policy) return policy

  const host = cluster.issuer.replace(/^https:\/\//, '').toLowerCase()
  const subjects = new Set<string>()
  const clusters = new Set<'this' | 'other' | 'any'>()
  for (const statement of policy.statements) {
    if (statement.effect === 'Deny') continue
    if (namesOnly(statement, ({ type, value }) => type === 'Federated' && isProviderOf(value, host)))
      for (const subject of listed(statement, [`${host}:sub`]) ?? ['*']) subjects.add(subject)
    else if (namesOnly(statement, ({ type, value }) => type === 'Service' && isPods(value)))
      clusters.add(clusterOf(statement, cluster.clusterArn))
    else return undefined
  }
  const podIdentity = clusters.has('any') ? 'any-cluster' : clusters.has('this') ? 'this-cluster' : 'none'

  return (subjects.size === 0 && podIdentity === 'none') || clusters.has('other')
    ? undefined
    : { subjects: [...subjects], podIdentity }
}

const namesOnly = (
  { principals }: Statement,
  isMeant: (principal: Statement['principals'][number]) => boolean
): boolean => principals.length > 0 && principals.every(isMeant)

const isProviderOf = (arn: string, host: string): boolean =>
  arn.toLowerCase().endsWith(`:oidc-provider/${host}`)

const isPods = (service: string): boolean => service.toLowerCase().replace(/\.cn$/, '') === podsService

/** The clusters for which a statement admits EKS Pod Identity. */
function clusterOf(statement: Statement, cluster: ClusterArn | undefined): 'this' | 'other' | 'any' {
  if (cluster === undefined) return 'any'
  const arns = listed(statement, ['aws:sourcearn', `${requestTag}eks-cluster-arn`])
  const names = listed(statement, [`${requestTag}eks-cluster-name`])
  if (excludes(arns, cluster.text) || excludes(names, cluster.name)) return 'other'

  return arns?.every((arn) => arn === cluster.text) === true ? 'this' : 'any'
}

/** Whether a list of required values lacks a value, ignoring case. */
const excludes = (list: readonly string[] | undefined, value: string): boolean =>
  list?.every((one) => !hasWildcard(one) && one.toLowerCase() !== value.toLowerCase()) === true

/** The values that a statement requires of one of these condition keys; undefined if it requires none. */
const listed = ({ conditions }: Statement, keys: readonly string[]): readonly string[] | undefined => {
  const lists = conditions.filter((condition) => keys.includes(condition.lowerKey) && isList(condition))

  return (lists.find(({ values }) => !values.some(hasWildcard)) ?? lists[0])?.values
}

/** Whether a condition is met only by the values that it lists, and not by a missing key. */
const isList = ({ operator, values }: Condition): boolean =>
  (operator.family === 'string' || operator.family === 'arn') &&
  operator.asDocumented &&
  !operator.negated &&
  !operator.ifExists &&
  operator.quantifier !== 'all' &&
  values.length > 0 &&
  !values.some(hasVariable)
