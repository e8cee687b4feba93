import { accountFacts, deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const key = { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' }
const secret = { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'aws', key: 'secret' } } }
const withEnv = (...env: object[]): object => deploymentOf({ containers: [{ name: 'app', env }] })

export const cases: readonly Case[] = [
  {
    why: 'key and secret',
    object: withEnv({ name: 'A' }, key, secret),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].env[1]',
    message: /^container app sets AWS_ACCESS_KEY_ID, so .* instead of role .*cart$/
  },
  {
    why: 'from a Secret',
    object: withEnv({ ...key, value: undefined, valueFrom: {} }, secret),
    facts: accountFacts(),
    message: /sets AWS_ACCESS_KEY_ID/
  },
  {
    why: 'in a pod',
    object: podOf({ containers: [{ name: 'app', env: [key, secret] }] }),
    facts: accountFacts(),
    message: /sets/
  },
  { why: 'key without secret does nothing', object: withEnv(key), facts: accountFacts() },
  { why: 'empty', object: withEnv({ ...key, value: '' }, secret), facts: accountFacts() },
  {
    why: 'no role requested',
    object: withEnv(key, secret),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  {
    why: 'only one of two containers',
    object: deploymentOf({ containers: [{ name: 'app', env: [key, secret] }, { name: 'proxy' }] }),
    facts: accountFacts(),
    message: /container app/
  },
  {
    why: 'a container that is not meant to have a role',
    object: deploymentOf(
      { containers: [{ name: 'app', env: [key, secret] }] },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }
    ),
    facts: accountFacts()
  }
]
