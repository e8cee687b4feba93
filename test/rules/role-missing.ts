import { known, moot } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::111122223333:role/cart'

export const cases: readonly Case[] = [
  { why: 'exists', annotation, facts: { role: known({ exists: true, arn: annotation }) } },
  { why: 'no role requested', annotation: undefined, facts: { role: moot('') } },
  {
    why: 'absent',
    annotation,
    facts: { role: known({ exists: false }) },
    message: /role\/cart does not exist$/,
    atAdmission: 'warning'
  }
]
