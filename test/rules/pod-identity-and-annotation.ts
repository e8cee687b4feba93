import { known, unknown } from '../../src/model/fact.js'
import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import { role } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const associated = known({ exists: true as const, since: undefined })

export const cases: readonly Case[] = [
  { why: 'only the association', object: accountOf(), facts: { associated } },
  {
    why: 'only the annotation',
    object: accountOf(annotated),
    facts: { associated: known({ exists: false }) }
  },
  {
    why: 'associations are not known',
    object: accountOf(annotated),
    facts: { associated: unknown('EKS refused') }
  },
  {
    why: 'an empty annotation, as charts render it',
    object: accountOf({ 'eks.amazonaws.com/role-arn': '' }),
    facts: { associated }
  },
  {
    why: 'both',
    object: accountOf(annotated),
    facts: { associated },
    field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
    message:
      /^service account shop\/cart has an EKS Pod Identity association, which the identity webhook prefers: new pods get the role of the association, and the request for role .*cart has no effect$/,
    fix: /for EKS Pod Identity, remove the annotation .*; for IRSA, delete the association/
  },
  {
    why: 'both, in a cluster',
    stage: 'running',
    object: accountOf(annotated),
    facts: { associated },
    message: /has no effect$/
  },
  {
    why: 'a role from the ConfigMap',
    object: accountOf(),
    facts: {
      associated,
      identityWebhook: known({
        ...identityWebhook.value,
        configured: known(new Map([['shop/cart', { role, audience: undefined }]]))
      })
    },
    message: /the request for role .*cart has no effect/
  },
  {
    why: 'a malformed annotation',
    object: accountOf({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:policy/cart' }),
    facts: { associated },
    message: /and the annotation eks\.amazonaws\.com\/role-arn has no effect$|aws\.example/
  }
]
