import type { Defect } from './document.js'
import { joinPath } from './duplicate-keys.js'
import type { Policy, Principal, Statement } from './policy.js'
import { splitArns } from './provider.js'

/**
 * The first part that makes IAM refuse to store a well-formed policy, although the meaning of that part is
 * clear. A policy in a file can contain such a part; a policy that was read from IAM cannot.
 */
export function refusedPart({ statements }: Policy): Defect | undefined {
  for (const statement of statements) {
    const defect = refusedPrincipal(statement) ?? refusedKey(statement)
    if (defect !== undefined) return { ...defect, statement: statement.index }
  }

  return undefined
}

// IAM: "Federated principals must be valid domain names or SAML metadata ARNs", and for the ARN of an OIDC
// provider "the provider URL without the scheme":
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
function refusedPrincipal({ index, principals }: Statement): Defect | undefined {
  const refused = principals.find(isRefused)

  return (
    refused && {
      reason:
        refused.type === 'AWS'
          ? `${JSON.stringify(refused.value.slice(0, 200))} is an identity provider, which belongs under Federated`
          : `${JSON.stringify(refused.value.slice(0, 200))} is neither a domain name nor the ARN of a single OIDC or SAML provider (domain names and such ARNs contain no scheme)`,
      place: `Statement[${index}].Principal.${refused.type}`
    }
  )
}

// A principal under `AWS` is an account, a user, a role, or the session of a role or user, but never an
// identity provider.
const isRefused = ({ type, value }: Principal): boolean =>
  (type === 'AWS' && /:(?:oidc|saml)-provider\//.test(value)) ||
  (type === 'Federated' &&
    (value.includes('://') ||
      splitArns(value).length > 1 ||
      !/^(?:arn:|\*$|[\w-]+(?:\.[\w-]+)+$)/.test(value)))

// IAM: "MalformedPolicyDocument: Condition can contain only one colon"
// (https://github.com/terraform-aws-modules/terraform-aws-eks/issues/1084). IAM does store a key that begins
// with the ARN of the provider (https://github.com/aws/karpenter-provider-aws/issues/1666).
function refusedKey({ index, conditions }: Statement): Defect | undefined {
  const refused = conditions.find(({ key }) => hasScheme(key) || hasPort(key))

  return (
    refused && {
      reason: `a condition key cannot contain a ${hasScheme(refused.key) ? 'scheme; write the issuer without "https://"' : 'port'}`,
      place: joinPath(joinPath(`Statement[${index}].Condition`, refused.name), refused.key)
    }
  )
}

const hasScheme = (key: string): boolean => /^https?:\/\//i.test(key)

// Only a tag's key may contain colons, and it comes after a slash.
const hasPort = (key: string): boolean => {
  const [host = '', behind = ''] = key.split(':', 2)

  return host.includes('.') && !host.includes('/') && /^\d+(?:$|\/)/.test(behind)
}
