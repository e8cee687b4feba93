import type { Backend } from '../facts/webhooks.js'
import { serviceKeyOf } from '../model/webhook-configuration.js'
import { defineRule } from './define-rule.js'

export const webhookBackendMissing = defineRule({
  id: 'webhook-backend-missing',
  summary:
    "A webhook's Service does not exist, lacks the port that the API server calls, or has no ready endpoints.",
  severity: 'warning',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['backends'],
  check({ webhooks }, { backends }) {
    return webhooks.flatMap(({ index, name, service, failurePolicy }) => {
      const backend = service && backends.get(serviceKeyOf(service))
      const lack = service && backend && lackOf(backend, service)
      if (lack === undefined) return []

      const effect = failurePolicy === 'Ignore' ? 'passes unchecked and unchanged' : 'is rejected'
      return {
        field: `webhooks[${index}].clientConfig.service`,
        message: `webhook ${name} points to service ${service?.namespace}/${service?.name}, ${lack}; every request that the webhook should review ${effect}`,
        fix: 'install the application that the webhook belongs to, correct the reference, or delete the webhook'
      }
    })
  }
})

function lackOf(backend: Backend, { port }: { port: number }): string | undefined {
  if (!backend.exists) return 'which does not exist'
  if (backend.ports !== undefined && !backend.ports.includes(port)) {
    return `which has no port ${port}${backend.ports.length === 0 ? '' : ` (it has ${backend.ports.join(', ')})`}`
  }

  return backend.ready === false ? 'which has no ready endpoint' : undefined
}
