import { memoizeLast } from '../text/memoize.js'

/** What is known about a condition key before the request is made. */
export type KeyState =
  | { readonly is: 'known'; readonly value: string }
  | { readonly is: 'absent' }
  /** Set by the request to any value. Unless `always`, the key can also be absent. */
  | { readonly is: 'runtime'; readonly always: boolean }
  /** The time of the request in milliseconds: no earlier than `from`, if that is known. */
  | { readonly is: 'time'; readonly from: number | undefined }
  /** Either this value or absent: the AWS documentation does not specify which. */
  | { readonly is: 'either'; readonly value: string }

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
  readonly at: Date | undefined
}

/** Whether a condition key, in lower case, is the time of the request. */
export const isTimeKey = (key: string): boolean => key === 'aws:currenttime' || key === 'aws:epochtime'

const absent: KeyState = { is: 'absent' }
const runtime: KeyState = { is: 'runtime', always: false }
const always: KeyState = { is: 'runtime', always: true }

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// …/reference_policies_iam-condition-keys.html: AssumeRoleWithWebIdentity is not signed, so keys about the
// caller's identity are absent. Keys without an API parameter or a claim in Kubernetes tokens are absent,
// too.
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
  ['aws:securetransport', { is: 'known', value: 'true' }], // STS accepts only HTTPS
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
    // According to the IAM User Guide, it is set from `aud`. Other sources report it only for tokens with
    // `azp`, which these tokens lack.
    if (key === ours.oaud) return audience === undefined ? runtime : { is: 'either', value: audience }
    if (key.startsWith(ours.prefix)) return absent
    if (isTimeKey(key))
      return { is: 'time', from: at === undefined || Number.isNaN(at.getTime()) ? undefined : at.getTime() }
    if (key === 'aws:resourceaccount') return { is: 'either', value: roleAccount }
    if (key.startsWith('aws:requesttag/') || key.startsWith('aws:principaltag/')) return absent
    // An unknown key can be present in any request. Keys of other services and other issuers never are.
    return states.get(key) ?? (/^(?:aws|sts|iam):/.test(key) ? runtime : absent)
  }
}

/**
 * The condition keys of an issuer for which service account tokens have claims. A process rarely sees more
 * than one issuer.
 */
const keysOf = memoizeLast((issuer: string) => {
  const prefix = `${issuer.toLowerCase()}:`

  return { prefix, sub: `${prefix}sub`, aud: `${prefix}aud`, oaud: `${prefix}oaud` }
})
