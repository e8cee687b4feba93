import type { Association } from '../../src/model/association.js'
import { type Fact, known } from '../../src/model/fact.js'
import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  fileEnv,
  injectedPod,
  podOf,
  roleEnv
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

// The time of the test is 2026-11-24T00:00:00Z.
const modified = (modifiedAt?: string): { association: Fact<Association> } => ({
  association: known({
    clusterName: 'blue',
    namespace: 'shop',
    serviceAccount: 'cart',
    roleArn: 'arn:aws:iam::111122223333:role/cart',
    disableSessionTags: false,
    modifiedAt: modifiedAt === undefined ? undefined : new Date(modifiedAt)
  })
})
const facts = { ...associatedFacts(), ...modified('2026-11-23T22:00:00Z') }
const podFrom = (creationTimestamp: unknown, env: readonly object[] = []): object => {
  const container = agentContainer('app')
  return podOf(
    { containers: [{ ...container, env: [...env, ...container.env] }], volumes: [agentVolume] },
    { creationTimestamp }
  )
}
const old = podFrom('2026-11-23T21:00:00Z')

export const cases: readonly Case[] = [
  { why: 'created after the change', stage: 'running', object: podFrom('2026-11-23T22:00:00Z'), facts },
  { why: 'at admission', object: old, facts },
  { why: 'no time of creation', stage: 'running', object: podFrom('soon'), facts },
  {
    why: 'changed longer ago than credentials last',
    stage: 'running',
    object: podFrom('2026-11-20T00:00:00Z'),
    facts: { ...facts, ...modified('2026-11-23T17:59:00Z') }
  },
  { why: 'a file does not say when', stage: 'running', object: old, facts: { ...facts, ...modified() } },
  {
    why: 'it never had the role',
    stage: 'running',
    object: podOf({}, { creationTimestamp: '2026-11-23T21:00:00Z' }),
    facts
  },
  {
    why: 'it has another identity',
    stage: 'running',
    object: podFrom('2026-11-23T21:00:00Z', [roleEnv, fileEnv]),
    facts
  },
  {
    why: 'the account has no association any more',
    stage: 'running',
    object: {
      ...injectedPod('app'),
      metadata: { name: 'cart-0', namespace: 'shop', creationTimestamp: '2026-11-23T21:00:00Z' }
    },
    facts: { ...accountFacts(), ...modified('2026-11-23T22:00:00Z'), associated: known({ exists: false }) }
  },
  {
    why: 'created before the change',
    stage: 'running',
    object: old,
    facts,
    field: 'metadata.creationTimestamp',
    message:
      /^the pod is older than the last change to its EKS Pod Identity association \(2026-11-23T22:00:00\.000Z\), so container app may use the previous role/,
    fix: /kubectl delete pod cart-0 -n shop$/
  }
]
