import type { Neighbours } from '../../src/facts/facts.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { type Fact, known, unknown } from '../../src/model/fact.js'
import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import { otherRole, role } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const withRoles = (...ownRoles: readonly (string | undefined)[]): { neighbours: Fact<Neighbours> } => ({
  neighbours: known({ asAccount: [], asDefault: [], ownRoles: new Set(ownRoles) })
})
const facts = { identityWebhook, rolesTrusting: known([role]), ...withRoles() }

export const cases: readonly Case[] = [
  {
    why: 'no annotation',
    stage: 'source',
    object: accountOf(),
    facts,
    message: /role ".*role\/cart" trusts exactly this service account/,
    fix: /kubectl annotate serviceaccount cart -n shop/
  },
  {
    why: 'a role whose path a shell would read',
    stage: 'running',
    object: accountOf(),
    facts: { ...facts, rolesTrusting: known(['arn:aws:iam::111122223333:role/a;id/cart']) },
    message: /trusts exactly this service account/,
    fix: /role-arn='arn:aws:iam::111122223333:role\/a;id\/cart'; /
  },
  {
    why: 'two roles trust it',
    stage: 'running',
    object: accountOf(),
    facts: { ...facts, rolesTrusting: known([role, otherRole]) },
    message: /\(and 1 more\)/
  },
  { why: 'annotated', stage: 'source', object: accountOf(annotated), facts },
  {
    why: 'emptied: another rule reports it',
    stage: 'source',
    object: accountOf({ 'eks.amazonaws.com/role-arn': '' }),
    facts
  },
  {
    why: 'role from the ConfigMap',
    stage: 'source',
    object: accountOf(),
    facts: {
      ...facts,
      identityWebhook: known({
        ...defaultIdentityWebhook,
        configured: known(new Map([['shop/cart', { role, audience: undefined }]]))
      })
    }
  },
  {
    why: 'no role trusts it',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, rolesTrusting: known([]) }
  },
  {
    why: 'the ConfigMap could not be read',
    stage: 'source',
    object: accountOf(),
    facts: {
      ...facts,
      identityWebhook: known({ ...defaultIdentityWebhook, configured: unknown('there is no ConfigMap') })
    },
    message: /trusts exactly this service account/,
    fix: /through EKS Pod Identity or the identity webhook's ConfigMap, do nothing$/
  },
  {
    why: 'its pods set the role and a token by themselves',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, ...withRoles(role) }
  },
  {
    why: 'its pods set a role that is known only at run time',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, ...withRoles(otherRole, undefined) }
  },
  {
    why: 'its pods set another role',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, ...withRoles(otherRole) },
    message: /trusts exactly this service account/
  },
  {
    why: 'its pods set one of two roles',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, ...withRoles(otherRole), rolesTrusting: known([role, otherRole]) },
    message: /^role ".*role\/cart" trusts/
  },
  { why: 'never at admission', object: accountOf(), facts },
  {
    why: 'an association needs no annotation, as after a migration',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, associated: known({ exists: true, since: undefined }) }
  },
  {
    why: 'known to have no association',
    stage: 'source',
    object: accountOf(),
    facts: { ...facts, associated: known({ exists: false }) },
    message: /trusts exactly this service account/
  }
]
