import type { TrustingRoleSource } from '../../facts/facts.js'
import { known } from '../../model/fact.js'
import { isRecord, listOf, recordOf } from '../../text/record.js'

/**
 * Looks up which roles name a service account exactly in the `:sub` conditions of their trust policies.
 * Whether such a policy admits the account is not judged here, because a role that names an account was made
 * for it.
 */
export function buildTrustingRoles(
  roles: readonly { readonly arn: string; readonly trustPolicy: unknown }[]
): TrustingRoleSource {
  const arns = new Map<string, string[]>()
  for (const { arn, trustPolicy } of roles) {
    for (const key of new Set(namedBy(documentOf(trustPolicy)))) {
      const list = arns.get(key)
      if (list === undefined) arns.set(key, [arn])
      else list.push(arn)
    }
  }

  return {
    rolesTrusting: ({ namespace, name }, issuer) =>
      known(arns.get(`${hostOf(issuer)}:sub=system:serviceaccount:${namespace}:${name}`) ?? [])
  }
}

const hostOf = (issuer: string): string => issuer.replace(/^https:\/\//, '').toLowerCase()

const membersOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value]

const statementsOf = (document: unknown): readonly Readonly<Record<string, unknown>>[] => {
  const statements = recordOf(document)['Statement']

  return (isRecord(statements) ? [statements] : listOf(statements)).map(recordOf)
}

/**
 * Parses a trust policy, which is an object or a string: plain JSON, or percent-encoded as GetRole returns
 * it.
 */
function documentOf(trustPolicy: unknown): unknown {
  if (typeof trustPolicy !== 'string') return trustPolicy
  try {
    return JSON.parse(trustPolicy.trimStart().startsWith('%') ? decodeURIComponent(trustPolicy) : trustPolicy)
  } catch {
    return undefined // the rules about trust policies report an invalid document
  }
}

/**
 * Returns `issuer:sub=subject` for each subject that an Allow statement names in full. Condition keys are
 * case-insensitive; subjects are case-sensitive.
 */
function namedBy(document: unknown): string[] {
  return statementsOf(document).flatMap(({ Effect, Condition }) => {
    if (Effect !== 'Allow') return []

    return Object.entries(recordOf(Condition)).flatMap(([operator, keys]) => {
      if (!/^(?:ForAnyValue:)?String(?:Equals|Like)$/i.test(operator)) return []

      return Object.entries(recordOf(keys)).flatMap(([key, value]) => {
        if (!/:sub$/i.test(key)) return []

        return membersOf(value).flatMap((subject) =>
          typeof subject === 'string' && !/[*?$]/.test(subject) ? [`${key.toLowerCase()}=${subject}`] : []
        )
      })
    })
  })
}
