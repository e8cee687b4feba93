import type { RoleArn } from '../model/role-arn.js'
import { shellQuote } from '../text/shell.js'
import type { Tools } from './observations.js'

/** The service account that a command names. */
interface Account {
  readonly namespace: string
  readonly name: string
}

/** https://kubernetes.io/docs/reference/kubectl/generated/kubectl_annotate/ */
export const annotate = (
  { kubectl }: Tools,
  { namespace, name }: Account,
  ...changes: readonly string[]
): string =>
  `${kubectl} annotate serviceaccount ${name} -n ${namespace} --overwrite ${changes.map(shellQuote).join(' ')}`

export const createAccount = ({ kubectl }: Tools, { namespace, name }: Account): string =>
  `${kubectl} create serviceaccount ${name} -n ${namespace}`

/** A JSON patch of any object. */
export const patch = (
  { kubectl }: Tools,
  reference: string,
  namespace: string | undefined,
  operations: readonly object[]
): string =>
  [
    `${kubectl} patch ${reference}`,
    ...(namespace === undefined ? [] : [`-n ${namespace}`]),
    `--type json -p ${shellQuote(JSON.stringify(operations))}`
  ].join(' ')

/** Prints the `kubectl patch` command that repairs all caBundles of a configuration, and runs it. */
export const repairBundles = ({ clusterFlags }: Tools, configuration: string): string =>
  `irsa-guard ca ${shellQuote(`mutatingwebhookconfiguration/${configuration}`)}${clusterFlags} --fix | sh`

/**
 * Applies an object. The command is a single line, because a here-document that is pasted with indentation does
 * not end.
 */
export const apply = ({ kubectl }: Tools, object: object): string =>
  `printf %s ${shellQuote(JSON.stringify(object))} | ${kubectl} apply -f -`

/** The file that a corrected policy is written to. Characters that need quoting in a shell are replaced. */
const policyFile = ({ name }: RoleArn): string => `${name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}-trust.json`

/** The command that judges a role's trust policy for a service account. */
export const judgeTrust = (
  { iamFlags }: Tools,
  role: RoleArn,
  { namespace, name }: Account,
  flags: readonly string[]
): string =>
  [
    `irsa-guard trust --role ${shellQuote(role.text)}${iamFlags}`,
    `-n ${namespace} --service-account ${name}`,
    ...flags
  ].join(' ')

/**
 * Writes the corrected trust policy to a file. Updates the role only if there is a corrected policy.
 * https://docs.aws.amazon.com/cli/latest/reference/iam/update-assume-role-policy.html
 */
export function correctTrust(
  tools: Tools,
  role: RoleArn,
  account: Account,
  flags: readonly string[]
): string {
  const file = policyFile(role)

  return `${judgeTrust(tools, role, account, [...flags, '--fix'])} > ${file} && aws iam update-assume-role-policy --role-name ${shellQuote(role.name)} --policy-document file://${file}`
}

/** https://docs.aws.amazon.com/cli/latest/reference/iam/create-role.html */
export const createRole = ({ name, path }: RoleArn, document: object): string =>
  [
    'aws iam create-role',
    `--role-name ${shellQuote(name)}`,
    ...(path === '/' ? [] : [`--path ${shellQuote(path)}`]),
    `--assume-role-policy-document ${shellQuote(JSON.stringify(document))}`
  ].join(' ')

/** https://docs.aws.amazon.com/cli/latest/reference/iam/create-open-id-connect-provider.html */
export const createProvider = (issuer: string, audience: string): string =>
  `aws iam create-open-id-connect-provider --url ${shellQuote(issuer)} --client-id-list ${shellQuote(audience)}`

/** https://docs.aws.amazon.com/cli/latest/reference/iam/add-client-id-to-open-id-connect-provider.html */
export const addClientId = (provider: string, audience: string): string =>
  `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${shellQuote(provider)} --client-id ${shellQuote(audience)}`
