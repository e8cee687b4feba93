import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook } from '../support/webhooks.js'

const object = configurationOf([{ name: 'a.b.c' }, eksWebhook()])
const failure = (address: string): { address: string; because: string } => ({
  address,
  because:
    "a pod with an annotated service account did not get the account's role: the pod was returned unchanged"
})
const found = (...failing: string[]) => ({ canary: known({ proved: 3, failing: failing.map(failure) }) })

export const cases: readonly Case[] = [
  { why: 'mutates pods at every API server', object, stage: 'running', facts: found() },
  {
    why: 'one of three API servers returns unmutated pods',
    object,
    stage: 'running',
    facts: found('10.0.0.1:443'),
    field: 'webhooks[1]',
    message:
      /^the identity webhook does not mutate pods at 1 of 3 API servers \(10\.0\.0\.1:443\): a pod with an annotated service account did not get the account's role: /,
    fix: /irsa-guard ca mutatingwebhookconfiguration\/pod-identity-webhook/
  },
  {
    why: 'no API server returns mutated pods',
    object,
    stage: 'running',
    facts: found('a:443', 'b:443', 'c:443'),
    message: /at 3 of 3 API servers \(a:443, b:443, c:443\)/
  },
  { why: 'at admission: the change may fix the problem', object, facts: found('a:443') },
  {
    why: 'not an identity webhook',
    object: configurationOf([{ name: 'a.b.c' }]),
    stage: 'running',
    facts: found('a:443')
  }
]
