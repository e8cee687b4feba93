import { known, moot } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::444455556666:role/cart'
const arn = 'arn:aws:iam::444455556666:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const providerOf = (host: string): string => `arn:aws:iam::444455556666:oidc-provider/${host}`

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
    why: 'an issuer with characters that a shell reads',
    annotation,
    facts: { provider: known({ registered: false, arn: providerOf('a.example/$(id)'), similar: [] }) },
    message: /has no OIDC provider/,
    fix: / --url 'https:\/\/a\.example\/\$\(id\)' /,
    atAdmission: 'warning'
  },
  {
    why: 'registered with a trailing slash',
    annotation,
    facts: { provider: known({ registered: false, arn, similar: [`${arn}/`] }) },
    message:
      /; the account has arn:aws:iam::444455556666:oidc-provider\/oidc\.eks\.us-east-1\.amazonaws\.com\/id\/EXAMPLE\/, which is a different provider$/,
    atAdmission: 'warning'
  },
  ...[
    'kubernetes.default.svc.cluster.local',
    'kubernetes.default.svc',
    'localhost:8443',
    'ip-10-0-0-1.ec2.internal',
    'issuer.corp.local.',
    '10.1.2.3',
    '192.168.0.1:6443',
    '[fd00::1]:6443',
    'kubernetes'
  ].map((host) => ({
    why: `an issuer that AWS cannot reach: ${host}`,
    annotation,
    facts: { provider: known({ registered: false as const, arn: providerOf(host), similar: [] }) },
    message: /has no OIDC provider/,
    fix: /^AWS cannot reach https:/,
    atAdmission: 'warning' as const
  })),
  ...['svc.example.com', 'internal.example.com', '203.0.113.7', '172.32.0.1', '[2001:db8::1]', 'a b'].map(
    (host) => ({
      why: `an issuer that AWS may reach: ${host}`,
      annotation,
      facts: { provider: known({ registered: false as const, arn: providerOf(host), similar: [] }) },
      message: /has no OIDC provider/,
      fix: /^register the provider/,
      atAdmission: 'warning' as const
    })
  )
]
