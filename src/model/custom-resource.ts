import { isRecord, recordOf, textOf, valuesIn } from '../text/record.js'
import { parseRoleArn } from './role-arn.js'

type Json = Readonly<Record<string, unknown>>

/** Whether an object may be a custom resource: its API group is a domain name. */
export const isCustomResource = ({ apiVersion }: Json): boolean =>
  groupOf(textOf(apiVersion) ?? '').includes('.')

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0))

/** A service account that a custom resource names. */
export interface NamedAccount {
  readonly name: string
  /** Undefined if the resource names no namespace. The account is then in the resource's own namespace. */
  readonly namespace: string | undefined
}

/**
 * The service accounts and roles that a custom resource names: operators create pods, or request tokens, for
 * them. The fields are those of External Secrets (`serviceAccountRef`), Argo, Spark, Flink, Tekton and
 * others. Values for which `isSkipped` returns true are left out. Never throws.
 */
export function namedIn(
  { spec }: Json,
  isSkipped?: (value: unknown) => boolean
): { readonly accounts: readonly NamedAccount[]; readonly roles: readonly string[] } {
  const accounts: NamedAccount[] = []
  const roles: string[] = []
  for (const value of valuesIn(spec, isSkipped)) {
    if (isRole(value)) roles.push(value)
    for (const [key, member] of Object.entries(recordOf(value))) {
      if (!/^serviceAccount(?:Name|Ref|Selector)?$/.test(key)) continue
      const name = textOf(isRecord(member) ? member['name'] : member)
      if (name !== undefined) accounts.push({ name, namespace: textOf(recordOf(member)['namespace']) })
    }
  }

  return { accounts, roles }
}

/**
 * Whether a custom resource mentions an AWS role where no rule reads it: in an identity webhook annotation or
 * as a role ARN. Its own metadata, its status and skipped values do not count. Never throws.
 */
export function mentionsRole(object: Json, isSkipped: (value: unknown) => boolean): boolean {
  const rest = Object.entries(object).flatMap(([key, value]) =>
    key === 'metadata' || key === 'status' ? [] : [value]
  )
  for (const value of valuesIn(rest, isSkipped))
    if (isRole(value) || Object.keys(recordOf(value)).some((key) => key.endsWith('/role-arn'))) return true

  return false
}

const isRole = (value: unknown): value is string =>
  typeof value === 'string' && parseRoleArn(value) !== undefined
