import { parseClusterArn } from '../model/cluster-arn.js'
import { isNamespaceName, isObjectName } from '../model/object-name.js'
import { parseRoleArn } from '../model/role-arn.js'

/**
 * Values in an error text that the answer can use. Each is undefined if the text contains none, or several
 * different ones: then nobody knows which one the error is about.
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
  const callers = [...text.matchAll(sessions)]
  const accounts = [
    ...[...text.matchAll(subjects)].map(([, namespace = '', name = '']) => ({ namespace, name })),
    ...[...text.matchAll(lookups)].map(([, namespace = '', name = '']) => ({ namespace, name }))
  ]
    .map(({ namespace, name }) => ({ namespace, name: withoutEnd(name) }))
    .filter(({ namespace, name }) => isNamespaceName(namespace) && isObjectName(name))
  const [account] = accounts

  return {
    ...one(
      'role',
      all(text, roles)
        .map(withoutEnd)
        .filter((arn) => parseRoleArn(arn) !== undefined)
    ),
    ...(account !== undefined &&
      accounts.every(({ namespace, name }) => namespace === account.namespace && name === account.name) && {
        serviceAccount: account
      }),
    ...one(
      'issuer',
      all(text, issuers).map((issuer) => `https://${issuer}`)
    ),
    ...one(
      'clusterArn',
      all(text, clusters).filter((arn) => parseClusterArn(arn) !== undefined)
    ),
    ...one(
      'caller',
      callers.map(([, name = '']) => name)
    ),
    ...one(
      'instance',
      callers.flatMap(([, , session = '']) => (isInstance.test(session) ? [session] : []))
    ),
    ...one(
      'action',
      [...text.matchAll(actions)].map(([, action = '']) => action)
    ),
    ...one(
      'resource',
      [...text.matchAll(resources)].map(([, resource = '']) => resource.replace(/[.,;:]$/, ''))
    ),
    ...one(
      'webhook',
      [...text.matchAll(webhooks)].map(([, webhook = '']) => withoutEnd(webhook))
    ),
    ...one(
      'requestId',
      [...text.matchAll(requests)].map(([, id = '']) => id)
    )
  }
}

const roles = /arn:aws[a-z0-9-]{0,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,600}/g
const clusters = /arn:aws[a-z0-9-]{0,20}:eks:[a-z0-9-]{1,32}:\d{12}:cluster\/[\w-]{1,100}/g
const issuers = /oidc\.eks\.[a-z0-9-]{1,32}\.[a-z.]{1,40}\/id\/[0-9A-Z]{32}\b/g
const subjects = /system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})/g
// plugin/pkg/admission/serviceaccount/admission.go of Kubernetes
const lookups = /looking up service account ([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})/g
const sessions = /arn:aws[a-z0-9-]{0,20}:sts::\d{12}:assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{1,64})/g
// The session of an EC2 instance's role has the instance's ID as its name:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (principal key values)
const isInstance = /^i-[0-9a-f]{8,17}$/
const actions = /not authorized to perform:? ([a-z0-9-]{2,40}:[A-Za-z]{3,80})/g
const resources = /on resource: "?(arn:[!#-&(-;=?-[\]-~]{1,1500})/g // printable, without quotes, <, > and \
const webhooks = /(?:calling webhook "|failing open )([a-z0-9.-]{1,253})/g
const requests = /request ?id"?: ?"?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})/gi

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([match]) => match)

/** A name without the punctuation of the sentence around it. */
const withoutEnd = (name: string): string => name.replace(/[.,;:)/-]$/, '')

/** A value under its key if there is exactly one, however often. */
function one<K extends keyof Values>(key: K, values: readonly string[]): { [Key in K]?: string } {
  const [value] = values

  return value !== undefined && value !== '' && values.every((other) => other === value)
    ? ({ [key]: value } as { [Key in K]?: string }) // TypeScript widens a computed key to string
    : {}
}
