import { parseIdentityWebhookCommand } from '../../identity-webhook/command-line.js'
import {
  identityWebhookArgumentsOf,
  identityWebhookServiceOf,
  isSelected
} from '../../identity-webhook/deployment.js'
import {
  defaultIdentityWebhook,
  type IdentityWebhookSettings,
  withConfigMap
} from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { identityWebhookConfigMap, type ServiceReference } from '../../model/webhook-configuration.js'
import { listOf, recordOf } from '../../text/record.js'

/**
 * The settings of the identity webhook; `because` states what could not be read. Upstream's defaults are used
 * for that.
 */
export interface IdentityWebhookReading {
  readonly settings: IdentityWebhookSettings
  readonly because: string | undefined
}

/**
 * Reads the settings of the cluster's identity webhook, if it is called through a Service. They come from the
 * command line of its Deployment or DaemonSet and from the ConfigMap that it watches. The workload has the
 * same name as the Service that selects it, both upstream and in kOps. No permission to list pods is needed.
 * Upstream's defaults are used for anything that does not exist or that irsa-guard is not permitted to read.
 * Rejects if the API server does not answer or returns another error.
 */
export async function loadIdentityWebhook(
  client: KubeClient,
  signal: AbortSignal
): Promise<IdentityWebhookReading> {
  const read = async (path: string): Promise<Fact<unknown>> => {
    const object = await readVisible(client, path, signal)
    return object.state === 'known' && object.value === undefined ? unknown(missing(path)) : object
  }
  const configurations = await read('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations')
  if (configurations.state !== 'known') return assumed(configurations)
  const service = identityWebhookServiceOf(listOf(recordOf(configurations.value)['items']))
  if (service.state !== 'known') return assumed(service)

  const args = await readArguments(read, service.value)
  if (args.state !== 'known') return assumed(args)

  const command = parseIdentityWebhookCommand(args.value)
  if (command.state !== 'known') return assumed(command)
  const { settings, configMapNamespace } = command.value
  if (configMapNamespace === undefined) return { settings, because: undefined }

  const path = `/api/v1/namespaces/${encodeURIComponent(configMapNamespace)}/configmaps/${identityWebhookConfigMap}`
  const configMap = await readVisible(client, path, signal)
  if (configMap.state === 'known' && configMap.value === undefined)
    return { settings, because: missing(path) }
  const complete = withConfigMap(settings, configMap)

  return {
    settings: complete,
    because: complete.configured.state === 'unknown' ? complete.configured.because : undefined
  }
}

const missing = (path: string): string => `there is no ${path}`

const assumed = ({ because }: { readonly because: string }): IdentityWebhookReading => ({
  settings: defaultIdentityWebhook,
  because
})

/** The command line of the webhook's container. */
async function readArguments(
  read: (path: string) => Promise<Fact<unknown>>,
  { namespace, name }: ServiceReference
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

  if (!isSelected(workload.value, service.value))
    return unknown(`Service ${namespace}/${name} does not select the pods of the workload with that name`)
  const args = identityWebhookArgumentsOf(workload.value, { isOnly: true })

  return args === undefined
    ? unknown(`no container of workload ${namespace}/${name} could be identified as the identity webhook`)
    : known(args)
}

/**
 * Reads one object or list. The value is undefined if the object or list does not exist, and the fact is
 * unknown if access is forbidden. Rejects if the API server does not answer or returns another error.
 */
async function readVisible(client: KubeClient, path: string, signal: AbortSignal): Promise<Fact<unknown>> {
  const read = await readObject(client, path, { signal })
  if (read.state === 'unknown' && read.response?.status !== 403) throw new Error(read.because)

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}
