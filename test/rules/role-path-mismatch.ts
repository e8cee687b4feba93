import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::111122223333:role/cart'
const pathed = 'arn:aws:iam::111122223333:role/team/cart'

export const cases: readonly Case[] = [
  { why: 'the same ARN', annotation, facts: { role: known({ exists: true, arn: annotation }) } },
  { why: 'absent: another rule reports it', annotation, facts: { role: known({ exists: false }) } },
  {
    why: 'the path is missing',
    annotation,
    facts: { role: known({ exists: true, arn: pathed }) },
    message: /the role with this name is .*role\/team\/cart/,
    fix: /write .*team\/cart/,
    atAdmission: 'warning'
  }
]
