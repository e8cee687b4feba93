import type { Backend } from '../../src/facts/webhooks.js'
import { known, unknown } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const object = configurationOf([selfManagedWebhook()])
const behind = (backend: Backend, key = 'default/pod-identity-webhook:443') => ({
  backends: known(new Map([[key, backend]]))
})

export const cases: readonly Case[] = [
  { why: 'everything exists', object, facts: behind({ exists: true, ports: [80, 443], ready: true }) },
  {
    why: 'endpoints were not looked up',
    object,
    facts: behind({ exists: true, ports: [443], ready: undefined })
  },
  {
    why: 'the ports are not known',
    object,
    facts: behind({ exists: true, ports: undefined, ready: undefined })
  },
  { why: 'a different Service', object, facts: behind({ exists: false }, 'default/other:443') },
  { why: 'the backends are not known', object, facts: { backends: unknown('') } },
  { why: 'called by URL', object: configurationOf([eksWebhook()]), facts: behind({ exists: false }) },
  {
    why: 'the Service does not exist',
    object,
    facts: behind({ exists: false }),
    field: 'webhooks[0].clientConfig.service',
    message:
      /^webhook pod-identity-webhook\.amazonaws\.com points to service default\/pod-identity-webhook, which does not exist; every request that the webhook should review passes unchecked and unchanged$/,
    fix: /install the application that the webhook belongs to/
  },
  {
    why: 'a different port, with failurePolicy Fail',
    object: configurationOf([selfManagedWebhook({ failurePolicy: undefined })], {
      kind: 'ValidatingWebhookConfiguration'
    }),
    facts: behind({ exists: true, ports: [80, 8443], ready: true }),
    message:
      /which has no port 443 \(it has 80, 8443\); every request that the webhook should review is rejected$/
  },
  {
    why: 'no ports',
    object,
    facts: behind({ exists: true, ports: [], ready: true }),
    message: /has no port 443;/
  },
  {
    why: 'no ready endpoint',
    object,
    facts: behind({ exists: true, ports: [443], ready: false }),
    message: /which has no ready endpoint;/
  }
]
