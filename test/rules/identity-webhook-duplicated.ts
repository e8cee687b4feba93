import { type RegisteredWebhook, registeredWebhooksOf } from '../../src/identity-webhook/registrations.js'
import type { Fact } from '../../src/model/fact.js'
import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, configurationSubject, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const eks = configurationOf([{ name: 'a.b.c' }, eksWebhook()])
const second = configurationOf([selfManagedWebhook()], { name: 'aws-webhook' })
const both = configurationOf([eksWebhook(), selfManagedWebhook()])
const seen = (...objects: object[]): { identityWebhooks: Fact<readonly RegisteredWebhook[]> } => ({
  identityWebhooks: known(registeredWebhooksOf(objects.map(configurationSubject)))
})

export const cases: readonly Case[] = [
  { why: 'one identity webhook', object: eks, facts: seen(eks) },
  {
    why: 'two configurations, called in the order of their names',
    object: eks,
    facts: seen(eks, second),
    field: 'webhooks[1].name',
    message:
      /^the API server sends pods to 2 identity webhooks: pod-identity-webhook\.amazonaws\.com in aws-webhook \(service default\/pod-identity-webhook:443\/mutate\), then iam-for-pods\.amazonaws\.com in pod-identity-webhook \(https:\/\/127\.0\.0\.1:23443\/mutate\); if they read the same annotations, the variables set by the first one win$/,
    fix: /keep only one/
  },
  {
    why: 'reported for the second one, too',
    object: second,
    facts: seen(eks, second),
    message: /2 identity webhooks/
  },
  {
    why: 'two in one configuration',
    object: both,
    facts: seen(both),
    field: 'webhooks[0].name',
    message: /iam-for-pods.*, then pod-identity-webhook\.amazonaws/
  },
  { why: 'another object', object: configurationOf([{ name: 'a.b.c' }]), facts: seen(eks, second) }
]
