import { awsKeyMeant, type KeyState, type RequestContext } from '../context.js'
import { isTimeKey } from '../operators.js'
import { type Action, type Caller, podsService, principalTag, requestTag, tagNames, tagOf } from './caller.js'

const absent: KeyState = { is: 'absent' }
const runtime: KeyState = { is: 'runtime', always: false }
const always: KeyState = { is: 'runtime', always: true }
const known = (value: string): KeyState => ({ is: 'known', value })
const either = (value: string): KeyState => ({ is: 'either', value })

type States = ReadonlyMap<string, KeyState>

const statesOf = (...groups: readonly (readonly [KeyState, readonly string[]])[]): States =>
  new Map(groups.flatMap(([state, keys]) => keys.map((key): [string, KeyState] => [key, state])))

// The keys that calls by EKS and calls by a first role have in common. The availability of each key:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html. AWS does not document
// whether it sets the network keys when one of its services calls another, so these keys depend on the request.
const common: readonly (readonly [KeyState, readonly string[]])[] = [
  [
    always,
    ['aws:useragent', 'aws:requestedregion', 'aws:userid', 'aws:principaltype', 'sts:rolesessionname']
  ],
  [either('true'), ['aws:securetransport']], // STS accepts only HTTPS
  [absent, ['aws:federatedprovider', 'aws:multifactorauthage', 'aws:username', 'aws:chatbotsourcearn']]
]

// EKS calls STS as an AWS service, so the keys that describe a principal in an account are absent. A
// condition on the principal's organization, such as aws:PrincipalOrgID, therefore rejects the call unless it
// exempts AWS services:
// https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
const service: States = statesOf(
  ...common,
  [
    absent,
    [
      'aws:principalarn',
      'aws:principalorgid',
      'aws:principalorgpaths',
      'aws:multifactorauthpresent',
      'sts:externalid'
    ]
  ],
  [known('true'), ['aws:principalisawsservice']],
  [known(podsService), ['aws:principalservicename']],
  // EKS passes these keys:
  // https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
  [runtime, ['aws:sourceorgid', 'aws:sourceorgpaths']]
)

// The caller is a session of the first role, not a service.
const role: States = statesOf(
  ...common,
  [
    absent,
    [
      'aws:sourcearn',
      'aws:sourceaccount',
      'aws:sourceorgid',
      'aws:sourceorgpaths',
      'aws:principalservicename'
    ].concat('aws:principalservicenameslist')
  ],
  [known('false'), ['aws:principalisawsservice']],
  [either('false'), ['aws:multifactorauthpresent']],
  [known('AssumedRole'), ['aws:principaltype']],
  [runtime, ['aws:principalorgid', 'aws:principalorgpaths']]
)

/** The condition keys of one call, made by EKS or by the first role. */
export const contextOf = (caller: Caller, action: Action): RequestContext => new CallContext(caller, action)

class CallContext implements RequestContext {
  readonly #caller: Caller
  readonly #action: Action

  constructor(caller: Caller, action: Action) {
    this.#caller = caller
    this.#action = action
  }

  stateOf(key: string): KeyState {
    const { cluster, firstRole, sessionTags, at } = this.#caller
    if (key.startsWith(requestTag))
      return sessionTags ? this.#tag(key.slice(requestTag.length), absent) : absent
    if (key.startsWith(principalTag)) return this.#principalTag(key.slice(principalTag.length))
    if (key === 'aws:tagkeys') return sessionTags ? allTags : absent
    if (key === 'sts:transitivetagkeys') return this.#transitiveTags()
    if (isTimeKey(key))
      return { is: 'time', from: at === undefined || Number.isNaN(at.getTime()) ? undefined : at.getTime() }
    if (firstRole === undefined) {
      if (key === 'aws:sourcearn') return known(cluster.text)
      if (key === 'aws:sourceaccount') return known(cluster.account)
      if (key === 'aws:resourceaccount') return either(cluster.account) // the role is in the cluster's account

      return service.get(key) ?? stateOfOther(key)
    }
    if (key === 'aws:principalarn') return known(firstRole.arn)
    if (key === 'aws:principalaccount') return known(firstRole.account)
    if (key === 'sts:externalid') return this.#externalId(firstRole.externalId)

    return role.get(key) ?? stateOfOther(key)
  }

  /** The state of a session tag, given its name in lower case; `otherwise` if EKS sets no tag of that name. */
  #tag(name: string, otherwise: KeyState): KeyState {
    if (!tagNames.includes(name)) return otherwise
    const value = tagOf(this.#caller, name)

    return value === undefined ? always : known(value)
  }

  /**
   * A service has no tags. The first role's session has the tags that EKS set, and the role's own tags, which
   * are not known.
   */
  #principalTag(name: string): KeyState {
    const { firstRole, sessionTags } = this.#caller
    if (firstRole === undefined) return absent

    return sessionTags ? this.#tag(name, runtime) : runtime
  }

  /**
   * All tags of a session are transitive. AWS does not document whether the first role's call lists them
   * again.
   */
  #transitiveTags(): KeyState {
    const { firstRole, sessionTags } = this.#caller
    if (firstRole !== undefined) return runtime

    return sessionTags ? allTags : absent
  }

  /**
   * AWS does not document whether EKS also passes the external ID while session tags are on. sts:ExternalId
   * is a condition key of AssumeRole, but not of TagSession. AWS does not document how IAM treats this key in
   * a statement for TagSession, either:
   * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
   */
  #externalId(value: string): KeyState {
    return this.#caller.sessionTags || this.#action === 'sts:TagSession' ? either(value) : known(value)
  }
}

const allTags: KeyState = { is: 'several', values: tagNames }

/**
 * The state of any other key. AWS occasionally adds keys, so an unlisted key may exist, unless it is a
 * misspelling of a listed one. Apart from iam:ResourceTag, keys of other services and of identity providers
 * are never in this request.
 */
function stateOfOther(key: string): KeyState {
  if (key.startsWith('iam:resourcetag/')) return runtime
  if (!/^(?:aws|sts):/.test(key)) return absent

  return /^aws:(?:sub|aud|oaud|azp|amr|iss|email)$/.test(key) || awsKeyMeant(key) !== undefined
    ? absent
    : runtime
}
