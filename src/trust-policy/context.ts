import { closestTo } from '../text/closest.js'
import { memoizeLast } from '../text/memoize.js'
import { isTimeKey } from './operators.js'

/** What is known about a condition key before the request is made. */
export type KeyState =
  | { readonly is: 'known'; readonly value: string }
  | { readonly is: 'absent' }
  /** The request sets the key to any value. Unless `always` is set, the key can also be absent. */
  | { readonly is: 'runtime'; readonly always: boolean }
  /** The time of the request in milliseconds: no earlier than `from`, if that is known. */
  | { readonly is: 'time'; readonly from: number | undefined }
  /** Either this value or absent: the AWS documentation does not specify which. */
  | { readonly is: 'either'; readonly value: string }
  /** One of these values: what AWS documents differs from what was observed. */
  | { readonly is: 'one-of'; readonly values: readonly string[] }
  /** The key has several values: all of these at once. */
  | { readonly is: 'several'; readonly values: readonly string[] }

/** The condition keys of a request: the state of each key, by its lower-case name. */
export interface RequestContext {
  stateOf(key: string): KeyState
}

/** The parts of a request that are known in advance. `issuer` has no `https://`. */
export interface Token {
  readonly issuer: string
  readonly subject: string
  /** Undefined: any audience. */
  readonly audience: string | undefined
  readonly roleAccount: string
  /** The ARN of the issuer's OIDC provider in the role's account. */
  readonly provider: string
  readonly at: Date | undefined
}

const absent: KeyState = { is: 'absent' }
const runtime: KeyState = { is: 'runtime', always: false }
const always: KeyState = { is: 'runtime', always: true }

// The keys that AWS defines, including those that AssumeRoleWithWebIdentity never has. The call is neither
// signed nor made in a session, so keys about a signer or a session are absent. Keys that are set neither by
// an API parameter nor by a claim in Kubernetes tokens are absent, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (the availability
// of each key),
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
const names: Readonly<Record<'aws' | 'sts', readonly (readonly [KeyState, readonly string[]])[]>> = {
  aws: [
    [
      absent,
      [
        ...['principalarn', 'principalorgid', 'principalorgpaths', 'principaltag', 'principalisawsservice'],
        ...['principalservicename', 'principalservicenameslist', 'username', 'assumedroot', 'tokenissuetime'],
        ...['signinsessionarn', 'multifactorauthpresent', 'multifactorauthage', 'chatbotsourcearn'],
        ...['ec2instancesourcevpc', 'ec2instancesourceprivateipv4', 'sourceidentity', 'viacustomerdomain'],
        ...['calledvia', 'calledviafirst', 'calledvialast', 'calledviaawsmcp', 'requesttag', 'tagkeys'],
        ...['sourcearn', 'sourceaccount', 'sourceorgid', 'sourceorgpaths']
      ]
    ],
    // "included in the request context for all requests, including anonymous requests"
    [always, ['principalaccount', 'principaltype', 'userid', 'requestedregion', 'useragent']],
    [
      runtime,
      [
        ...['sourceip', 'sourcevpc', 'sourcevpcarn', 'sourcevpce', 'vpcsourceip', 'vpceaccount', 'vpceorgid'],
        ...[
          'vpceorgpaths',
          'resourceorgid',
          'resourceorgpaths',
          'resourcetag',
          'referer',
          'viaawsmcpservice'
        ],
        'ismcpserviceaction'
      ]
    ],
    [{ is: 'known', value: 'true' }, ['securetransport']], // STS accepts only HTTPS
    [{ is: 'known', value: 'false' }, ['viaawsservice']] // "returns false when the principal makes the call directly"
  ],
  sts: [
    [
      absent,
      [
        ...['externalid', 'sourceidentity', 'transitivetagkeys', 'awsservicename', 'durationseconds'],
        ...['requestcontext', 'requestcontextproviders', 'identitytokenaudience', 'signingalgorithm'],
        'taskpolicyarn'
      ]
    ],
    [always, ['rolesessionname']],
    [{ is: 'known', value: 'false' }, ['roleauthorizedbyidp']] // true only with the claim https://aws.amazon.com/roles
  ]
}

const states: ReadonlyMap<string, KeyState> = new Map(
  Object.entries(names).flatMap(([prefix, groups]) =>
    groups.flatMap(([state, each]) => each.map((name): [string, KeyState] => [`${prefix}:${name}`, state]))
  )
)

// Of the keys above, only these have a further name after a slash, such as a tag's key.
const withTagKey = new Set(['aws:principaltag', 'aws:requesttag', 'aws:resourcetag', 'sts:requestcontext'])

const namesKnown = {
  aws: [...states.keys(), 'aws:currenttime', 'aws:epochtime', 'aws:federatedprovider', 'aws:resourceaccount']
    .filter((key) => key.startsWith('aws:'))
    .map((key) => key.slice('aws:'.length)),
  sts: [...states.keys()].filter((key) => key.startsWith('sts:')).map((key) => key.slice('sts:'.length))
}
const claims = new Set(['sub', 'aud', 'oaud', 'azp', 'amr', 'iss', 'email'])

/**
 * The state of a key that is not a claim of the token. AWS occasionally adds keys, so an unlisted key may
 * exist, unless it is a misspelling of a listed one or a claim of the token under the wrong prefix. Apart
 * from iam:ResourceTag, keys of other services and other issuers are never in this request.
 */
function stateOfOther(key: string): KeyState {
  const slash = key.indexOf('/')
  const base = slash < 0 ? key : key.slice(0, slash)
  if (key.startsWith('iam:resourcetag/')) return runtime // the role's tags; see the STS page above
  const state = withTagKey.has(base) === slash >= 0 ? states.get(base) : undefined
  if (state !== undefined) return state
  if (!/^(?:aws|sts):/.test(base)) return absent

  return claims.has(base.slice('aws:'.length)) || awsKeyMeant(key) !== undefined ? absent : runtime
}

/**
 * The documented AWS key, in lower case, that an undocumented key was probably meant to be; undefined if the
 * key is documented or no documented key is similar.
 */
export function awsKeyMeant(key: string): string | undefined {
  const [, prefix, name = '', tag = ''] = /^(aws|sts):([^/]*)(\/.*)?$/s.exec(key) ?? []
  if (prefix !== 'aws' && prefix !== 'sts') return undefined
  if (namesKnown[prefix].includes(name) && withTagKey.has(`${prefix}:${name}`) === (tag !== ''))
    return undefined
  const meant = closestTo(name, namesKnown[prefix])

  return meant === undefined ? undefined : `${prefix}:${meant}${tag}`
}

/** The context of AssumeRoleWithWebIdentity with a service account's token. */
export const contextOf = (token: Token): RequestContext => new TokenContext(token)

class TokenContext implements RequestContext {
  readonly #token: Token

  constructor(token: Token) {
    this.#token = token
  }

  stateOf(key: string): KeyState {
    const { issuer, subject, audience, roleAccount, provider, at } = this.#token
    const ours = keysOf(issuer)
    if (key === ours.sub) return { is: 'known', value: subject }
    if (key === ours.aud) return audience === undefined ? always : { is: 'known', value: audience }
    // According to the IAM User Guide, `oaud` is set from `aud`. Other sources report it only for tokens with
    // `azp`, which service account tokens lack.
    if (key === ours.oaud) return audience === undefined ? runtime : { is: 'either', value: audience }
    if (key.startsWith(ours.prefix)) return absent
    if (isTimeKey(key))
      return { is: 'time', from: at === undefined || Number.isNaN(at.getTime()) ? undefined : at.getTime() }
    if (key === 'aws:resourceaccount') return { is: 'either', value: roleAccount }
    // The page on condition keys (see `names`) says that the value is the ARN of the provider, both in the
    // sessions of a role and in trust policies for this call. In an experiment with sessions of a role, it
    // was the issuer without https:// instead: https://github.com/mahitotsu/gekko_08
    // (experiments/federated-provider/RESULTS.md).
    if (key === 'aws:federatedprovider') return { is: 'one-of', values: [provider, issuer] }

    return stateOfOther(key)
  }
}

/**
 * The condition keys of an issuer that are set by claims in service account tokens. A process rarely sees more
 * than one issuer.
 */
const keysOf = memoizeLast((issuer: string) => {
  const prefix = `${issuer.toLowerCase()}:`

  return { prefix, sub: `${prefix}sub`, aud: `${prefix}aud`, oaud: `${prefix}oaud` }
})
