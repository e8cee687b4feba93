import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const before = 'arn:aws:iam::111122223333:role/cart'

export const cases: readonly Case[] = [
  { why: 'kept', annotation: before, before },
  { why: 'never annotated', annotation: undefined, before: undefined },
  {
    why: 'removed',
    annotation: undefined,
    before,
    message: /removes the role .*role\/cart/,
    atAdmission: 'warning'
  },
  {
    why: 'removed as the last step of a migration to EKS Pod Identity',
    annotation: undefined,
    before,
    facts: { associated: known({ exists: true, since: undefined }) }
  },
  { why: 'emptied', annotation: '', before, message: /removes the role/, atAdmission: 'warning' }
]
