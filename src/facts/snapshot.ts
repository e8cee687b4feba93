import { known, unknown } from '../model/fact.js'
import { GuardError } from '../model/guard-error.js'
import { parseRoleArn } from '../model/role-arn.js'
import { isRecord } from '../model/subject.js'
import type { RoleAnswer, RoleSource } from './facts.js'

/** What an IamSnapshot file says, indexed for questions. */
export interface Snapshot {
  readonly roles: RoleSource
  readonly issuer: string | undefined
}

/** Reads IamSnapshot documents into one source of facts. Throws ERR_IAM_SNAPSHOT, naming the file and the field. */
export function loadSnapshots(documents: readonly { readonly file: string; readonly content: unknown }[]): Snapshot {
  const roleByAccountAndName = new Map<string, RoleAnswer>()
  const complete = new Set<string>()
  const issuers = new Set<string>()

  for (const { file, content } of documents) {
    const fail = (message: string): never => {
      throw new GuardError('ERR_IAM_SNAPSHOT', `${file}: ${message}`)
    }
    if (!isRecord(content) || content['kind'] !== 'IamSnapshot' || content['apiVersion'] !== 'irsa-guard.io/v1') {
      return fail('expected an object with apiVersion "irsa-guard.io/v1" and kind "IamSnapshot"')
    }
    for (const [index, role] of list(content['roles'], 'roles', fail).entries()) {
      const arn = isRecord(role) && typeof role['arn'] === 'string' ? parseRoleArn(role['arn']) : undefined
      if (arn === undefined)
        return fail(`roles[${index}].arn is ${JSON.stringify(isRecord(role) ? role['arn'] : role)}; expected the ARN of a role`)
      const trustPolicy = isRecord(role) ? role['trustPolicy'] : undefined
      if (trustPolicy !== undefined && typeof trustPolicy !== 'string' && !isRecord(trustPolicy)) {
        return fail(`roles[${index}].trustPolicy is ${JSON.stringify(trustPolicy)}; expected an object or text`)
      }
      roleByAccountAndName.set(keyOf(arn), {
        exists: true,
        arn: arn.text,
        ...(trustPolicy !== undefined && { trustPolicy: { document: trustPolicy, encoding: encodingOf(trustPolicy) } })
      })
    }
    for (const [index, account] of list(content['accounts'], 'accounts', fail).entries()) {
      if (typeof account !== 'string' || !/^\d{12}$/.test(account)) {
        return fail(`accounts[${index}] is ${JSON.stringify(account)}; expected an account id, a text of 12 digits`)
      }
      complete.add(account)
    }
    const issuer = content['issuer']
    if (issuer !== undefined && (typeof issuer !== 'string' || !issuer.startsWith('https://'))) {
      return fail(`issuer is ${JSON.stringify(issuer)}; expected a URL that begins with https://`)
    }
    if (issuer !== undefined) issuers.add(issuer)
  }

  return {
    issuer: issuers.size === 1 ? [...issuers][0] : undefined,
    roles: {
      readRole: async (arn) => {
        const found = roleByAccountAndName.get(keyOf(arn))
        if (found !== undefined) return known(found)
        if (complete.has(arn.account)) return known({ exists: false })

        return unknown(`the IAM file does not list all roles of account ${arn.account}`)
      }
    }
  }
}

/** JSON never begins with `%`, and percent-encoded JSON always does. */
const encodingOf = (trustPolicy: unknown): 'json' | 'url' =>
  typeof trustPolicy === 'string' && trustPolicy.trimStart().startsWith('%') ? 'url' : 'json'

function list(value: unknown, name: string, fail: (message: string) => never): readonly unknown[] {
  if (value === undefined) return []

  return Array.isArray(value) ? value : fail(`${name} is ${JSON.stringify(value)}; expected a list`)
}

// Role names are unique in an account whatever their path and case: IAM user guide, "IAM and AWS STS quotas".
const keyOf = (arn: { account: string; name: string }): string => `${arn.account}/${arn.name.toLowerCase()}`
