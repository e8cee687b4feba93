import { parseClusterArn } from '../model/cluster-arn.js'
import { isEksIssuer } from '../model/issuer.js'
import { isNamespaceName, isObjectName } from '../model/object-name.js'
import { parseRoleArn } from '../model/role-arn.js'

/**
 * Values in an error text that an explanation can use. Each is undefined if the text contains none, or several
 * different ones, because it is then unknown which one the error is about.
 */
export interface Values {
  /** ARN of the role that the pod wanted or was refused. */
  readonly role?: string
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  /** URL of the OIDC issuer. */
  readonly issuer?: string
  readonly clusterArn?: string
  /** The name of the role whose session made the call. */
  readonly caller?: string
  /** The EC2 instance whose role made the call. */
  readonly instance?: string
  /** The action that was refused, such as `s3:GetObject`. */
  readonly action?: string
  /** The ARN of the resource on which it was refused. */
  readonly resource?: string
  readonly webhook?: string
  readonly requestId?: string
}

/** Reads the values in an error text. Takes linear time; never throws. */
export function valuesIn(input: string): Values {
  const text = input.replaceAll('\\/', '/').replaceAll('\\"', '"')
  const words = text.split(/[^\w+=,.@/:-]+/)
  const arns = words.flatMap(arnIn)
  const account = only(matchesOf(text, accounts).flatMap(accountIn))
  const sessions = arns.flatMap(sessionIn)
  const [namespace, name] = account?.split('/') ?? []

  return withoutUndefined({
    role: only(arns.filter((arn) => parseRoleArn(arn) !== undefined)),
    serviceAccount: namespace === undefined || name === undefined ? undefined : { namespace, name },
    issuer: only(words.flatMap(issuerIn)),
    clusterArn: only(arns.filter((arn) => parseClusterArn(arn) !== undefined)),
    caller: only(sessions.map(({ role }) => role)),
    instance: only(sessions.flatMap(({ session }) => (isInstance.test(session) ? [session] : []))),
    action: only(firstGroups(text, actions)),
    resource: only(firstGroups(text, resources)),
    webhook: only(firstGroups(text, webhooks)),
    requestId: only(firstGroups(text, requests))
  })
}

// The second form comes from plugin/pkg/admission/serviceaccount/admission.go in Kubernetes.
const accounts: Mention = {
  after: ['system:serviceaccount:', 'looking up service account '],
  pattern: /^([a-z0-9-]{1,63})[:/]([a-z0-9.-]{1,253})/
}
// The session of an EC2 instance's role has the instance's ID as its name:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (principal key values)
const isInstance = /^i-[0-9a-f]{8,17}$/
const actions: Mention = {
  after: ['not authorized to perform: ', 'not authorized to perform '],
  pattern: /^([a-z0-9-]{2,40}:[A-Za-z]{3,80})/
}
const resources: Mention = {
  after: ['on resource: '],
  pattern: /^"?(arn:[!#-&(-;=?-[\]-~]{1,1500})/ // printable, without quotes, <, > and \
}
const webhooks: Mention = {
  after: ['calling webhook "', 'failing open '],
  pattern: /^([a-z0-9.-]{1,253})/
}
const requests: Mention = {
  after: ['requestid', 'request id'],
  pattern: /^"?: ?"?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/i
}

/** How a value appears in a text: it matches `pattern` and comes after one of the phrases (in lower case). */
interface Mention {
  readonly after: readonly string[]
  readonly pattern: RegExp
}

const maxValueLength = 1600

/**
 * Matches the pattern of a mention after each occurrence of its phrases. Each occurrence is tried only once,
 * so that the cost is linear.
 */
function matchesOf(text: string, { after, pattern }: Mention): RegExpExecArray[] {
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) // keeps the length, unlike toLowerCase for İ

  return after.flatMap((phrase) => {
    const matches: RegExpExecArray[] = []
    for (let at = lower.indexOf(phrase); at !== -1; at = lower.indexOf(phrase, at + phrase.length)) {
      const start = at + phrase.length
      const match = pattern.exec(text.slice(start, start + maxValueLength))
      if (match !== null) matches.push(match)
    }
    return matches
  })
}

/** The ARN that a word contains, even if the ARN comes after an equals sign. */
const arnIn = (word: string): string[] =>
  word.includes('arn:aws') ? [withoutEnd(word.slice(word.indexOf('arn:aws')))] : []

/** The role and the session in the ARN of an assumed role: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
function sessionIn(arn: string): { role: string; session: string }[] {
  const [, , service, , account = '', resource = ''] = arn.split(':')
  const [type, role = '', session = ''] = resource.split('/')

  return service === 'sts' &&
    /^\d{12}$/.test(account) &&
    type === 'assumed-role' &&
    [role, session].every((name) => /^[\w+=,.@-]{1,64}$/.test(name))
    ? [{ role, session }]
    : []
}

/** The EKS issuer that a word contains. The word may be the ARN of a provider or of a principal. */
function issuerIn(word: string): string[] {
  const start = word.indexOf('oidc.eks.')
  const [host = '', path, id = ''] = start === -1 ? [] : word.slice(start).split('/', 3)
  const issuer = `https://${host}/id/${id.slice(0, 32)}`

  return path === 'id' && /^[0-9A-Z]{32}(?![0-9A-Za-z])/.test(id) && isEksIssuer(issuer) ? [issuer] : []
}

/** A service account as `namespace/name`, if the namespace and the name are both valid. */
function accountIn([, namespace = '', name = '']: readonly string[]): string[] {
  const account = withoutEnd(name)

  return isNamespaceName(namespace) && isObjectName(account) ? [`${namespace}/${account}`] : []
}

const firstGroups = (text: string, mention: Mention): string[] =>
  matchesOf(text, mention).map(([, group = '']) => withoutEnd(group))

/** A value without the punctuation of the sentence around it. */
const withoutEnd = (value: string): string => value.replace(/[.,;:]$/, '')

/** The value, if all values are the same. */
function only(values: readonly string[]): string | undefined {
  const [value] = values

  return values.every((other) => other === value) ? value : undefined
}

/** Only the values that are known, so that JSON and tests do not show undefined ones. */
const withoutUndefined = (values: { readonly [K in keyof Values]: Values[K] | undefined }): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) // undefined is gone
