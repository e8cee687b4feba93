import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const facts = { clusterPartition: known('aws') }

export const cases: readonly Case[] = [
  { why: 'same partition', annotation: 'arn:aws:iam::111122223333:role/cart', facts },
  { why: 'malformed: another rule reports it', annotation: 'cart', facts },
  {
    why: 'China role, commercial cluster',
    annotation: 'arn:aws-cn:iam::111122223333:role/cart',
    facts,
    message: /in partition aws-cn, but the cluster is in aws/,
    fix: /arn:aws:iam::/
  },
  {
    why: 'an association, so the identity webhook ignores the annotation',
    annotation: 'arn:aws-cn:iam::111122223333:role/cart',
    facts: { ...facts, associated: known({ exists: true, since: undefined }) }
  }
]
