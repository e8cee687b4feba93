import { accountFacts, associatedFacts, deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const skip = (value: unknown): object => ({ annotations: { 'eks.amazonaws.com/skip-containers': value } })
const two = { containers: [{ name: 'app' }, { name: 'proxy' }] }
const labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' }

export const cases: readonly Case[] = [
  {
    why: 'the bypass label',
    object: deploymentOf({}, { labels }),
    facts: accountFacts(),
    field: 'spec.template.metadata.labels["eks.amazonaws.com/skip-pod-identity-webhook"]',
    message: /makes the identity webhook skip this pod/
  },
  {
    why: 'skips all containers',
    object: podOf(two, skip('app,proxy')),
    facts: accountFacts(),
    message: /leaves app, proxy without role/
  },
  {
    why: 'skips one of two containers, which is the purpose of the annotation',
    object: podOf(two, skip('proxy')),
    facts: accountFacts(),
    severity: 'info',
    message: /leaves proxy without role/
  },
  {
    why: 'skips one of two containers, in CI',
    stage: 'source',
    object: podOf(two, skip('"proxy"')),
    facts: accountFacts(),
    severity: 'info',
    message: /leaves proxy without role/
  },
  {
    why: 'skips the only container, in CI',
    stage: 'source',
    object: deploymentOf({}, skip('app')),
    facts: accountFacts(),
    message: /leaves app without role/
  },
  {
    why: 'skips all but an init container',
    stage: 'source',
    object: deploymentOf({ ...two, initContainers: [{ name: 'wait' }] }, skip('app,proxy')),
    facts: accountFacts(),
    severity: 'info',
    message: /leaves app, proxy without role/
  },
  {
    why: 'names one per line: only the first is skipped',
    object: podOf(two, skip('app\nproxy')),
    facts: accountFacts(),
    severity: 'info',
    message: /leaves app without role/
  },
  {
    why: 'a final carriage return is not part of the name',
    object: podOf(two, skip('app,proxy\r')),
    facts: accountFacts(),
    message: /leaves app, proxy without role/
  },
  {
    why: 'names no container: another rule reports it',
    object: podOf(two, skip('gone')),
    facts: accountFacts()
  },
  { why: 'not a string', object: podOf(two, skip(['app'])), facts: accountFacts() },
  {
    why: 'no role requested',
    object: podOf(two, { labels }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'nothing skipped', object: podOf(two), facts: accountFacts() },
  {
    why: 'an association, and the bypass label',
    object: deploymentOf({}, { labels }),
    facts: associatedFacts(),
    message: /so no container gets the role of its EKS Pod Identity association/,
    fix: /or delete the association$/
  },
  {
    why: 'an association, and a skipped container',
    object: podOf(two, skip('app,proxy')),
    facts: associatedFacts(),
    message: /leaves app, proxy without the role of its EKS Pod Identity association/
  }
]
