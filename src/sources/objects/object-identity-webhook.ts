import { parseIdentityWebhookCommand } from '../../identity-webhook/command-line.js'
import {
  identityWebhookArgumentsOf,
  identityWebhookServiceOf,
  isSelected
} from '../../identity-webhook/deployment.js'
import { type IdentityWebhookSettings, withConfigMap } from '../../identity-webhook/settings.js'
import { known, unknown } from '../../model/fact.js'
import { identityWebhookConfigMap } from '../../model/webhook-configuration.js'
import { isRecord, recordOf, textOf } from '../../text/record.js'

/**
 * The settings of the identity webhook, from its Deployment or DaemonSet among the given objects. That is the
 * workload that the registered Service selects, or else the only one with a container or image named after
 * pod-identity-webhook. Undefined if there is no such workload or more than one, or if its command line
 * cannot be determined.
 */
export function identityWebhookAmong(
  objects: readonly unknown[],
  namespace = ''
): IdentityWebhookSettings | undefined {
  const { configurations, services, workloads, configMaps } = collect(objects, namespace)
  const service = identityWebhookServiceOf([...configurations.values()])
  const selected =
    service.state === 'known'
      ? argumentsOf(workloads, {
          isOnly: true,
          isWanted: (key, workload) =>
            key.startsWith(`${service.value.namespace}/`) &&
            isSelected(workload, services.get(`${service.value.namespace}/${service.value.name}`))
        })
      : []
  const [args, second] =
    selected.length > 0 ? selected : argumentsOf(workloads, { isOnly: false, isWanted: () => true })
  if (args === undefined || second !== undefined) return undefined

  const command = parseIdentityWebhookCommand(args)
  if (command.state !== 'known') return undefined
  const { settings, configMapNamespace } = command.value
  if (configMapNamespace === undefined) return settings
  const configMap = configMaps.get(`${configMapNamespace}/${identityWebhookConfigMap}`)

  return withConfigMap(
    settings,
    configMap === undefined
      ? unknown(`configmap ${configMapNamespace}/${identityWebhookConfigMap} is not among the given objects`)
      : known(configMap)
  )
}

type Objects = ReadonlyMap<string, Readonly<Record<string, unknown>>>

/** The command lines of the identity webhooks in these workloads. */
function argumentsOf(
  workloads: Objects,
  { isOnly, isWanted }: { isOnly: boolean; isWanted: (key: string, workload: unknown) => boolean }
): (readonly unknown[])[] {
  return [...workloads].flatMap(([key, workload]) => {
    const args = isWanted(key, workload) ? identityWebhookArgumentsOf(workload, { isOnly }) : undefined
    return args === undefined ? [] : [args]
  })
}

/**
 * Collects the objects of the relevant kinds by namespace and name. If an object is given several times, as
 * in overlays for several environments, the last one counts.
 */
function collect(
  objects: readonly unknown[],
  namespace: string
): Readonly<Record<'configurations' | 'services' | 'workloads' | 'configMaps', Objects>> {
  const found = {
    configurations: new Map<string, Readonly<Record<string, unknown>>>(),
    services: new Map<string, Readonly<Record<string, unknown>>>(),
    workloads: new Map<string, Readonly<Record<string, unknown>>>(),
    configMaps: new Map<string, Readonly<Record<string, unknown>>>()
  }
  for (const object of objects) {
    if (!isRecord(object)) continue
    const { apiVersion, kind, metadata } = object
    const place = places[`${textOf(apiVersion)} ${textOf(kind)}`]
    if (place === undefined) continue
    const { namespace: own, name } = recordOf(metadata)
    found[place].set(`${textOf(own) ?? namespace}/${textOf(name) ?? ''}`, object)
  }

  return found
}

const places: Readonly<
  Record<string, 'configurations' | 'services' | 'workloads' | 'configMaps' | undefined>
> = {
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': 'configurations',
  'v1 Service': 'services',
  'apps/v1 Deployment': 'workloads',
  'apps/v1 DaemonSet': 'workloads',
  'v1 ConfigMap': 'configMaps'
}
