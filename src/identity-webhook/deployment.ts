import { type Fact, known, unknown } from '../model/fact.js'
import { identityWebhookNames, type ServiceReference, webhooksOf } from '../model/webhook-configuration.js'
import { listOf, recordOf, textOf } from '../text/record.js'

/** The Service through which these MutatingWebhookConfigurations call the identity webhook. */
export function identityWebhookServiceOf(configurations: readonly unknown[]): Fact<ServiceReference> {
  const webhooks = configurations
    .flatMap((configuration) => webhooksOf(recordOf(configuration)))
    .filter(({ name }) => identityWebhookNames.includes(name))
  const [webhook] = webhooks
  if (webhook === undefined) return unknown('no identity webhook is registered')
  if (webhooks.length > 1) return unknown('several identity webhooks are registered')
  if (webhook.service === undefined)
    return unknown('the identity webhook runs in the managed control plane, so its settings cannot be read')

  return known(webhook.service)
}

/** Whether a Service selects the pods of a Deployment or DaemonSet. */
export function isSelected(workload: unknown, service: unknown): boolean {
  const labels = recordOf(recordOf(templateOf(workload)['metadata'])['labels'])
  const selector = Object.entries(recordOf(recordOf(recordOf(service)['spec'])['selector']))

  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

/**
 * The command line (command and args) of the identity webhook's container in a Deployment or DaemonSet;
 * undefined if no container can be identified. With `isOnly`, a workload's only container counts even if
 * neither its name nor its image identifies it.
 */
export function identityWebhookArgumentsOf(
  workload: unknown,
  { isOnly }: { isOnly: boolean }
): readonly unknown[] | undefined {
  const containers = listOf(recordOf(templateOf(workload)['spec'])['containers']).map(recordOf)
  const container = isOnly && containers.length === 1 ? containers[0] : containers.find(isIdentityWebhook)

  return container && [...listOf(container['command']), ...listOf(container['args'])]
}

const templateOf = (workload: unknown): Readonly<Record<string, unknown>> =>
  recordOf(recordOf(recordOf(workload)['spec'])['template'])

const isIdentityWebhook = ({ name, image }: Readonly<Record<string, unknown>>): boolean =>
  [name, image].some((text) => textOf(text)?.includes('pod-identity-webhook') === true)
