import { statementNamed } from '../model/statement-named.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'
import { roleNamed, trustProblem } from './trust-wording.js'

const kinds = new Set(['other-namespaces', 'own-namespace', 'anyone', 'any-provider'])

export const trustSubjectTooBroad = defineRule({
  id: 'trust-subject-too-broad',
  summary:
    'The trust policy admits service accounts that it does not name, through a wildcard or a principal that matches everyone.',
  severity: 'warning',
  on: ['ServiceAccount'],
  needs: ['trust', 'identityWebhook'],
  check(account, { trust, identityWebhook }) {
    const found = trust.breadth.find(({ kind }) => kinds.has(kind))
    if (found === undefined) return

    const { kind, statement, value, example } = found
    const role = roleNamed(account, identityWebhook)
    if (kind === 'anyone' || kind === 'any-provider') {
      return trustProblem(
        account,
        trust,
        identityWebhook,
        `${role} allows ${kind === 'anyone' ? 'everyone' : 'any OIDC provider'} as a principal in its ${statementNamed(statement)}`,
        `name the provider: "Principal": {"Federated": ${quote(trust.provider)}}`
      )
    }
    const whom =
      kind === 'other-namespaces'
        ? 'service accounts in other namespaces'
        : 'every matching service account in its namespace'
    const pattern = value === undefined ? '' : ` through ${quote(value)}`
    return trustProblem(
      account,
      trust,
      identityWebhook,
      `${role} admits ${whom}${pattern} in its ${statementNamed(statement)}${example === undefined ? '' : `, for example ${example}`}`,
      `list the exact subjects with StringEquals${trust.verdict === 'denied' ? '' : `, such as ${quote(trust.subject)}`}`
    )
  }
})
