import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const namespace = (labels: object, annotations: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', labels, annotations }
})
const allowing = (roles: unknown): object => namespace({}, { 'irsa-guard.io/allowed-roles': roles })

export const cases: readonly Case[] = [
  {
    why: 'every setting as documented, next to labels of others',
    object: namespace(
      {
        'irsa-guard.io/mode': 'warn',
        'irsa-guard.io/pods': 'enforce',
        'kubernetes.io/metadata.name': 'shop'
      },
      {
        'irsa-guard.io/allowed-roles': 'arn:aws:iam::111122223333:role/team/*, arn:aws*:role/x?',
        'ignore.irsa-guard.io/namespace-setting-invalid': 'no reason is needed here'
      }
    )
  },
  { why: 'no role is allowed', object: allowing('') },
  { why: 'every role is allowed', object: allowing('*') },
  {
    why: 'globs that begin or end with a wildcard',
    object: allowing('*:role/cart,arn:aws:iam::*,arn:aws-cn:iam::?11122223333:role/*/cart-?')
  },
  {
    why: 'names of roles, from which the identity webhook builds ARNs',
    object: allowing('team-*'),
    facts: { identityWebhook: known({ ...defaultIdentityWebhook, composeRoleArn: true }) }
  },
  {
    why: 'a misspelled mode',
    object: namespace({ 'irsa-guard.io/mode': 'enfroce' }),
    message: /^label irsa-guard.io\/mode is "enfroce"; expected enforce, warn, audit, off; until/,
    fix: /^write "enforce"$/,
    field: 'metadata.labels["irsa-guard.io/mode"]'
  },
  {
    why: 'YAML reads off as false',
    object: namespace({ 'irsa-guard.io/mode': false }),
    message: /is false; expected enforce, warn, audit, off/
  },
  {
    why: 'a value that has no effect on pods',
    object: namespace({ 'irsa-guard.io/pods': 'yes' }),
    message: /^label irsa-guard.io\/pods is "yes", which has no effect: no pod is denied/,
    fix: /^write "enforce"/
  },
  {
    why: 'a misspelled annotation limits nothing',
    object: namespace({}, { 'irsa-guard.io/allowed-role': 'arn:aws:iam::111122223333:role/x' }),
    message: /^irsa-guard does not read the annotation "irsa-guard.io\/allowed-role"$/,
    fix: /^write the annotation irsa-guard.io\/allowed-roles$/
  },
  {
    why: 'a misspelled domain',
    object: namespace({ 'irsa-gaurd.io/mode': 'warn' }),
    message: /does not read the label "irsa-gaurd.io\/mode"/,
    fix: /^write the label irsa-guard.io\/mode$/
  },
  {
    why: 'a key that irsa-guard does not have',
    object: namespace({ 'irsa-guard.io/ignore': 'true' }),
    message: /does not read the label "irsa-guard.io\/ignore"/,
    fix: /^use one of irsa-guard.io\/mode, irsa-guard.io\/pods, irsa-guard.io\/allowed-roles, or remove the (?:label|annotation)$/
  },
  {
    why: 'a label as an annotation',
    object: namespace({}, { 'irsa-guard.io/mode': 'warn' }),
    message: /^irsa-guard.io\/mode is set as an annotation here, but irsa-guard reads it as a label$/
  },
  {
    why: 'an annotation as a label',
    object: namespace({ 'irsa-guard.io/allowed-roles': 'none' }),
    message: /is set as a label here, but irsa-guard reads it as an annotation$/,
    fix: /^make it an annotation$/
  },
  ...[
    'team-*',
    'arn:aws:iam::1234:role/*',
    'arn:aws:iam::111122223333:user/*',
    'arn:aws:s3:::*',
    '"arn:aws:iam::111122223333:role/*"',
    'arn:aws:iam::111122223333:role/a arn:aws:iam::111122223333:role/b',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::1111222233334444:role/*',
    `arn:aws:iam::111122223333:role/${'?'.repeat(2048)}`
  ].map((glob) => ({
    why: `a glob that matches no role: ${glob.slice(0, 50)}`,
    object: allowing(`arn:aws:iam::111122223333:role/good,${glob}`),
    message: /^annotation irsa-guard.io\/allowed-roles contains "[^]*", which cannot match a role ARN$/,
    fix: /separated by commas/
  })),
  {
    why: 'a list',
    object: allowing(['arn:aws:iam::111122223333:role/x']),
    message: /is \["arn.*"\]; expected a string/
  },
  {
    why: 'several mistakes',
    object: namespace({ 'irsa-guard.io/mode': 'on', 'irsa-guard.io/pods': 'true' }),
    message: /mode is "on"/,
    count: 2
  }
]
