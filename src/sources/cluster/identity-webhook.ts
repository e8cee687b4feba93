import {
  configMapNamespaceOf,
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  parseIdentityWebhookArguments,
  parseIdentityWebhookConfigMap
} from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { identityWebhookNames, webhooksOf } from '../../model/webhook-configuration.js'
import { listOf, recordOf, textOf } from '../../text/record.js'

/**
 * The settings of the identity webhook; `because` says what could not be read, so that upstream's defaults
 * are used.
 */
export interface IdentityWebhookReading {
  readonly settings: IdentityWebhookSettings
  readonly because: string | undefined
}

/**
 * Reads how the cluster's identity webhook is set up: where it is called as a Service, the command line of
 * the Deployment or DaemonSet of the same name that the Service selects (upstream and kOps name them alike),
 * and the ConfigMap that it watches. Needs no right to list pods. Rejects when the API server does not
 * answer; what it refuses to show, or does not have, has upstream's defaults.
 */
export async function loadIdentityWebhook(
  client: KubeClient,
  signal: AbortSignal
): Promise<IdentityWebhookReading> {
  const read = (path: string): Promise<Fact<unknown>> => readVisible(client, path, signal)

  const service = serviceOf(await read('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'))
  if (service.state !== 'known') return assumed(service)

  const args = await readArguments(read, service.value)
  if (args.state !== 'known') return assumed(args)

  const settings = parseIdentityWebhookArguments(args.value)
  const namespace = configMapNamespaceOf(args.value)
  if (namespace === undefined) return { settings, because: undefined }

  // Its name cannot be chosen: https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/cache/cache.go)
  const configMap = await read(
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/pod-identity-webhook`
  )
  if (configMap.state !== 'known') return { settings, because: configMap.because }

  return {
    settings: { ...settings, configured: parseIdentityWebhookConfigMap(configMap.value) ?? new Map() },
    because: undefined
  }
}

interface Service {
  readonly namespace: string
  readonly name: string
}

const assumed = ({ because }: { readonly because: string }): IdentityWebhookReading => ({
  settings: defaultIdentityWebhook,
  because
})

/** The Service behind which the identity webhook runs. */
function serviceOf(configurations: Fact<unknown>): Fact<Service> {
  if (configurations.state !== 'known') return configurations
  const webhooks = listOf(recordOf(configurations.value)['items'])
    .flatMap((configuration) => webhooksOf(recordOf(configuration)))
    .filter(({ name }) => identityWebhookNames.includes(name))
  const [webhook] = webhooks
  if (webhook === undefined) return unknown('no identity webhook is registered')
  if (webhooks.length > 1) return unknown('several identity webhooks are registered')
  if (webhook.service === undefined)
    return unknown('the identity webhook runs in the managed control plane, so its settings cannot be read')

  return known(webhook.service)
}

/** The command line of the webhook's container. */
async function readArguments(
  read: (path: string) => Promise<Fact<unknown>>,
  { namespace, name }: Service
): Promise<Fact<readonly unknown[]>> {
  const at = `namespaces/${encodeURIComponent(namespace)}`
  const [service, deployment] = await Promise.all([
    read(`/api/v1/${at}/services/${encodeURIComponent(name)}`),
    read(`/apis/apps/v1/${at}/deployments/${encodeURIComponent(name)}`)
  ])
  if (service.state !== 'known') return service
  const workload =
    deployment.state === 'known'
      ? deployment
      : await read(`/apis/apps/v1/${at}/daemonsets/${encodeURIComponent(name)}`)
  if (workload.state !== 'known') return deployment.state === 'known' ? workload : deployment

  const template = recordOf(recordOf(recordOf(workload.value)['spec'])['template'])
  const labels = recordOf(recordOf(template['metadata'])['labels'])
  const selector = Object.entries(recordOf(recordOf(recordOf(service.value)['spec'])['selector']))
  if (selector.length === 0 || selector.some(([key, value]) => labels[key] !== value)) {
    return unknown(`Service ${namespace}/${name} does not select the pods of the workload with that name`)
  }
  const containers = listOf(recordOf(template['spec'])['containers']).map(recordOf)
  const container = containers.length === 1 ? containers[0] : containers.find(isIdentityWebhook)
  if (container === undefined)
    return unknown(
      `no container of workload ${namespace}/${name} could be identified as the identity webhook`
    )

  return known([...listOf(container['command']), ...listOf(container['args'])])
}

const isIdentityWebhook = ({ name, image }: Readonly<Record<string, unknown>>): boolean =>
  [name, image].some((text) => textOf(text)?.includes('pod-identity-webhook') === true)

/** One object or list. Rejects when the API server does not answer, or is not able to. */
async function readVisible(client: KubeClient, path: string, signal: AbortSignal): Promise<Fact<unknown>> {
  const read = await readObject(client, path, { signal })
  if (read.state === 'known' && read.value === undefined) return unknown(`there is no ${path}`)
  if (read.state === 'unknown' && read.response?.status !== 403) throw new Error(read.because)

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}
