import type { Principal } from './policy.js'

/** The ARN of the OIDC provider that the role's account must have for an issuer (without `https://`). */
export const providerArnOf = (partition: string, account: string, issuer: string): string =>
  `arn:${partition}:iam::${account}:oidc-provider/${issuer}`

/**
 * How a principal differs from the expected provider. A misspelling of that provider can be fixed in place.
 */
export interface ProviderDifference {
  readonly found: string
  readonly difference: string
  /** Whether the principal means our provider, but is written in a form that IAM never matches. */
  readonly isSpelling: boolean
}

/** Describes how the principal that is closest to a provider's ARN differs from it. */
export function providerDifference(
  principals: readonly Principal[],
  provider: string
): ProviderDifference | undefined {
  let nearest: { rank: number; difference: ProviderDifference } | undefined
  for (const principal of principals) {
    const [rank, difference, isSpelling = false] = differenceOf(principal, provider)
    if (nearest === undefined || rank < nearest.rank)
      nearest = { rank, difference: { found: principal.value, difference, isSpelling } }
  }
  return nearest?.difference
}

type Difference = readonly [rank: number, difference: string, isSpelling?: true]

function differenceOf({ type, value }: Principal, provider: string): Difference {
  if (type === 'Service') {
    return value === 'pods.eks.amazonaws.com'
      ? [8, 'it is the principal of EKS Pod Identity, not of IRSA']
      : [9, 'it is an AWS service, not an OIDC provider']
  }
  if (type === 'AWS' && value === provider) return [1, 'it is listed under AWS; expected Federated']
  if (type !== 'Federated') return [9, 'it is an AWS principal, not an OIDC provider']
  if (/[*?]/.test(value)) return [5, 'principals cannot contain wildcards']
  if (splitArns(value).length > 1)
    return [splitArns(value).includes(provider) ? 1 : 3, 'it contains several ARNs; write them as a list']

  return spellingOf(value, provider) ?? otherProviderOf(value, provider)
}

/** The ARNs in a string that should contain only one; the string itself if it is not a list of ARNs. */
export function splitArns(value: string): string[] {
  const parts = value.split(/[\s,;]+/).filter((part) => part !== '')

  return parts.length > 1 && parts.every((part) => part.startsWith('arn:')) ? parts : [value]
}

function spellingOf(value: string, provider: string): Difference | undefined {
  const spellings: readonly (readonly [(text: string) => string, string])[] = [
    [(text) => text.trim(), 'it has leading or trailing spaces'],
    [(text) => text.replace(/https?:\/\//i, ''), 'it has a scheme'],
    [withoutSlashes, 'it has a trailing slash'],
    [(text) => text.replace(/:443(?=\/|$)/, ''), 'it has a port'],
    [
      (text) => (text.startsWith('arn:') ? text : `${provider.slice(0, provider.indexOf('/') + 1)}${text}`),
      'it is not an ARN'
    ]
  ]
  let corrected = value
  const difference: string[] = []
  for (const [correct, what] of spellings) {
    const next = correct(corrected)
    if (next !== corrected) difference.push(what)
    corrected = next
  }
  if (corrected === provider) return [0, difference.join(' and '), true]
  // If the issuer itself ends with a slash, the provider must, too.
  if (`${corrected}/` === provider) return [0, 'the trailing slash is missing', true]
  if (corrected.toLowerCase() === provider.toLowerCase())
    return [1, [...difference, 'its capitalization differs'].join(' and '), true]

  return undefined
}

/** Removes trailing slashes. */
export function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--

  return text.slice(0, end)
}

const arn = /^arn:([^:]*):iam::([^:]*):oidc-provider\/(.+)$/

function otherProviderOf(value: string, provider: string): Difference {
  const [, partition, account, url] = arn.exec(value) ?? []
  const [, ourPartition, ourAccount, ourUrl = ''] = arn.exec(provider) ?? []
  if (url === undefined) {
    return value.includes(':saml-provider/')
      ? [7, 'it is a SAML provider, not an OIDC provider']
      : [6, 'it is not the ARN of an OIDC provider']
  }
  if (url === ourUrl) {
    if (account !== ourAccount) return [2, "the account differs; the provider must be in the role's account"]
    if (partition !== ourPartition) return [2, 'the partition differs']
  }
  return [4, urlDifference(url, ourUrl)]
}

const eks = /^oidc([.-])eks\.([a-z0-9-]+)\.([a-z0-9.]+)\/id\/([^/]+)$/

/** How an issuer differs from ours, both without `https://`. */
export function urlDifference(found: string, wanted: string): string {
  const [, separator, region, , id] = eks.exec(found) ?? []
  const [, ourSeparator, ourRegion, , ourId] = eks.exec(wanted) ?? []
  if (id === undefined || ourId === undefined) {
    const host = (url: string): string => url.split('/')[0] ?? ''
    return host(found) === host(wanted) ? 'the path differs' : 'the host differs'
  }
  // AWS documents hosts with oidc.eks and oidc-eks as issuers, but so far, tokens contain only oidc.eks:
  // https://github.com/open-telemetry/opentelemetry-go-contrib/issues/8637
  if (separator !== ourSeparator && id === ourId && region === ourRegion)
    return 'it is the other address of the same cluster (one of the two supports IPv6); only the issuer in the tokens (iss) counts'
  if (region === ourRegion)
    return id === ourId ? 'the host differs' : 'it is the issuer of a different cluster: the ID differs'

  return id === ourId ? 'the region differs' : 'it is the issuer of a different cluster: region and ID differ'
}
