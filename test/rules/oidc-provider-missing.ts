import { known, moot } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::444455556666:role/cart'
const arn = 'arn:aws:iam::444455556666:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'

export const cases: readonly Case[] = [
  { why: 'registered', annotation, facts: { provider: known({ registered: true, arn, clientIds: [] }) } },
  { why: 'no role requested', annotation: undefined, facts: { provider: moot('') } },
  {
    why: 'not registered',
    annotation,
    facts: { provider: known({ registered: false, arn, similar: [] }) },
    message:
      /^account 444455556666 has no OIDC provider for the cluster's issuer https:\/\/oidc\.eks\.us-east-1\.amazonaws\.com\/id\/EXAMPLE$/,
    fix: /^register the provider in account 444455556666: aws iam create-open-id-connect-provider --url https:\/\/oidc\.eks\.us-east-1\.amazonaws\.com\/id\/EXAMPLE --client-id-list sts\.amazonaws\.com$/,
    atAdmission: 'warning'
  },
  {
    why: 'tokens with a different audience',
    annotation,
    annotations: { 'eks.amazonaws.com/audience': 'vault' },
    facts: { provider: known({ registered: false, arn, similar: [] }) },
    message: /has no OIDC provider/,
    fix: /--client-id-list vault$/,
    atAdmission: 'warning'
  },
  {
    why: 'registered with a trailing slash',
    annotation,
    facts: { provider: known({ registered: false, arn, similar: [`${arn}/`] }) },
    message:
      /; it has arn:aws:iam::444455556666:oidc-provider\/oidc\.eks\.us-east-1\.amazonaws\.com\/id\/EXAMPLE\/, which is a different provider$/,
    atAdmission: 'warning'
  }
]
