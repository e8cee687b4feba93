import type { Backend } from '../../src/facts/webhooks.js'
import { known, unknown } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const object = configurationOf([selfManagedWebhook()])
const behind = (backend: Backend, key = 'default/pod-identity-webhook:443') => ({
  backends: known(new Map([[key, backend]]))
})

export const cases: readonly Case[] = [
  { why: 'all there', object, facts: behind({ exists: true, ports: [80, 443], ready: true }) },
  {
    why: 'nobody looked for endpoints',
    object,
    facts: behind({ exists: true, ports: [443], ready: undefined })
  },
  { why: 'any port will do', object, facts: behind({ exists: true, ports: undefined, ready: undefined }) },
  { why: 'another Service', object, facts: behind({ exists: false }, 'default/other:443') },
  { why: 'nobody can tell', object, facts: { backends: unknown('') } },
  { why: 'called by URL', object: configurationOf([eksWebhook()]), facts: behind({ exists: false }) },
  {
    why: 'no Service',
    object,
    facts: behind({ exists: false }),
    field: 'webhooks[0].clientConfig.service',
    message:
      /^webhook pod-identity-webhook\.amazonaws\.com points to service default\/pod-identity-webhook, which does not exist; every request it should review passes unchecked and unchanged$/,
    fix: /install the application that the webhook belongs to/
  },
  {
    why: 'another port, and failures refuse',
    object: configurationOf([selfManagedWebhook({ failurePolicy: undefined })], {
      kind: 'ValidatingWebhookConfiguration'
    }),
    facts: behind({ exists: true, ports: [80, 8443], ready: true }),
    message: /which has no port 443 \(it has 80, 8443\); every request it should review is rejected$/
  },
  {
    why: 'no ports at all',
    object,
    facts: behind({ exists: true, ports: [], ready: true }),
    message: /has no port 443;/
  },
  {
    why: 'nobody behind it',
    object,
    facts: behind({ exists: true, ports: [443], ready: false }),
    message: /which has no ready endpoint;/
  }
]
