import { memoizeLast } from '../text/memoize.js'

/** What is known, before the request is made, of a condition key in it. */
export type KeyState =
  | { readonly is: 'known'; readonly value: string }
  | { readonly is: 'absent' }
  /** Decided by the request: any value, and, unless `always`, perhaps none. */
  | { readonly is: 'runtime'; readonly always: boolean }
  /** The time of the request in milliseconds: not before `from`, when that is known. */
  | { readonly is: 'time'; readonly from: number | undefined }
  /** This value or none: AWS's pages do not say which. */
  | { readonly is: 'either'; readonly value: string }

/** What a request carries: a state for each condition key in lower case. */
export interface RequestContext {
  stateOf(key: string): KeyState
}

/** The facts of a request that are known beforehand. `issuer` is without its `https://`. */
export interface Token {
  readonly issuer: string
  readonly subject: string
  /** undefined: any audience. */
  readonly audience: string | undefined
  readonly roleAccount: string
  readonly at: Date | undefined
}

/** Whether a condition key, in lower case, is the time of the request. */
export const isTimeKey = (key: string): boolean => key === 'aws:currenttime' || key === 'aws:epochtime'

const absent: KeyState = { is: 'absent' }
const runtime: KeyState = { is: 'runtime', always: false }
const always: KeyState = { is: 'runtime', always: true }

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// …/reference_policies_iam-condition-keys.html: AssumeRoleWithWebIdentity is not signed, so it has no key of
// a caller's identity; nor has it keys for which the API has no parameter or a Kubernetes token no claim.
const states: ReadonlyMap<string, KeyState> = new Map<string, KeyState>([
  ...[
    'aws:principalarn',
    'aws:principalorgid',
    'aws:principalorgpaths',
    'aws:principalisawsservice',
    'aws:principalservicename',
    'aws:principalservicenameslist',
    'aws:username',
    'aws:userid',
    'aws:multifactorauthpresent',
    'aws:multifactorauthage',
    'aws:tokenissuetime',
    'aws:tagkeys',
    'aws:sourceidentity',
    'aws:sourcearn',
    'aws:sourceaccount',
    'aws:sourceorgid',
    'aws:sourceorgpaths',
    'aws:calledvia',
    'aws:calledviafirst',
    'aws:calledvialast',
    'sts:externalid',
    'sts:sourceidentity',
    'sts:transitivetagkeys',
    'sts:awsservicename'
  ].map((key): [string, KeyState] => [key, absent]),
  ...['sts:rolesessionname', 'aws:requestedregion', 'aws:useragent'].map((key): [string, KeyState] => [
    key,
    always
  ]),
  ['aws:securetransport', { is: 'known', value: 'true' }], // STS answers on HTTPS only
  ['sts:roleauthorizedbyidp', { is: 'known', value: 'false' }] // true only with the claim https://aws.amazon.com/roles
])

/** The context of AssumeRoleWithWebIdentity with a service account's token. */
export const contextOf = (token: Token): RequestContext => new TokenContext(token)

class TokenContext implements RequestContext {
  readonly #token: Token

  constructor(token: Token) {
    this.#token = token
  }

  stateOf(key: string): KeyState {
    const { issuer, subject, audience, roleAccount, at } = this.#token
    const ours = keysOf(issuer)
    if (key === ours.sub) return { is: 'known', value: subject }
    if (key === ours.aud) return audience === undefined ? always : { is: 'known', value: audience }
    // According to the guide, it is set from `aud`; others report it only for tokens with `azp`, which these
    // tokens lack.
    if (key === ours.oaud) return audience === undefined ? runtime : { is: 'either', value: audience }
    if (key.startsWith(ours.prefix)) return absent
    if (isTimeKey(key))
      return { is: 'time', from: at === undefined || Number.isNaN(at.getTime()) ? undefined : at.getTime() }
    if (key === 'aws:resourceaccount') return { is: 'either', value: roleAccount }
    if (key.startsWith('aws:requesttag/') || key.startsWith('aws:principaltag/')) return absent
    // A key that we do not know may come with any request; keys of other services and other issuers never do.
    return states.get(key) ?? (/^(?:aws|sts|iam):/.test(key) ? runtime : absent)
  }
}

/**
 * The condition keys of an issuer that service account tokens have claims for; a process hears of hardly more
 * than one issuer.
 */
const keysOf = memoizeLast((issuer: string) => {
  const prefix = `${issuer.toLowerCase()}:`

  return { prefix, sub: `${prefix}sub`, aud: `${prefix}aud`, oaud: `${prefix}oaud` }
})
