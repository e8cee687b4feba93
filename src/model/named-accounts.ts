import { isRecord, recordOf, textOf } from '../text/record.js'
import { parseRoleArn } from './role-arn.js'

/** A service account that a custom resource names. */
export interface NamedAccount {
  readonly name: string
  /** Undefined if the resource names no namespace. The account is then in the resource's own namespace. */
  readonly namespace: string | undefined
}

/**
 * The service accounts and roles that a custom resource names: operators create pods, or request tokens, for
 * them. The fields are those of External Secrets (`serviceAccountRef`), Argo, Spark, Flink, Tekton and others.
 * Values for which `isSkipped` returns true are left out. Never throws.
 */
export function namedIn(
  object: Readonly<Record<string, unknown>>,
  isSkipped: (value: unknown) => boolean = () => false
): { readonly accounts: readonly NamedAccount[]; readonly roles: readonly string[] } {
  const accounts: NamedAccount[] = []
  const roles: string[] = []
  const values: unknown[] = [object['spec']]
  for (let value = values.pop(); value !== undefined || values.length > 0; value = values.pop()) {
    if (typeof value === 'string' && parseRoleArn(value) !== undefined) roles.push(value)
    if (typeof value !== 'object' || value === null || isSkipped(value)) continue
    for (const [key, member] of Object.entries(value)) {
      values.push(member)
      if (!/^serviceAccount(?:Name|Ref|Selector)?$/.test(key)) continue
      const name = textOf(isRecord(member) ? member['name'] : member)
      if (name !== undefined) accounts.push({ name, namespace: textOf(recordOf(member)['namespace']) })
    }
  }

  return { accounts, roles }
}

/** Whether an object may be a custom resource: the group of its kind is a domain. */
export const isCustomResource = ({ apiVersion }: Readonly<Record<string, unknown>>): boolean =>
  groupOf(textOf(apiVersion) ?? '').includes('.')

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0))
