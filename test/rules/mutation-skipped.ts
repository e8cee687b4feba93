import { accountFacts, deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const skip = (value: unknown): object => ({ annotations: { 'eks.amazonaws.com/skip-containers': value } })
const two = { containers: [{ name: 'app' }, { name: 'proxy' }] }
const labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' }

export const cases: readonly Case[] = [
  {
    why: 'bypass label',
    object: deploymentOf({}, { labels }),
    facts: accountFacts(),
    field: 'spec.template.metadata.labels["eks.amazonaws.com/skip-pod-identity-webhook"]',
    message: /makes the identity webhook skip this pod/
  },
  {
    why: 'all containers',
    object: podOf(two, skip('app,proxy')),
    facts: accountFacts(),
    message: /leaves app, proxy without role/
  },
  {
    why: 'one of two is what it is for',
    object: podOf(two, skip('proxy')),
    facts: accountFacts(),
    severity: 'info',
    message: /leaves proxy without role/
  },
  {
    why: 'one of two in CI',
    stage: 'source',
    object: podOf(two, skip('"proxy"')),
    facts: accountFacts(),
    message: /leaves proxy without role/
  },
  { why: 'names nobody: another rule speaks', object: podOf(two, skip('gone')), facts: accountFacts() },
  { why: 'not a text', object: podOf(two, skip(['app'])), facts: accountFacts() },
  {
    why: 'no role to miss',
    object: podOf(two, { labels }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'nothing skipped', object: podOf(two), facts: accountFacts() }
]
