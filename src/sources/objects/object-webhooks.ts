import type { Backend, WebhookSource } from '../../facts/webhooks.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import type { Subject } from '../../model/subject.js'
import type { WebhookConfigurationSubject } from '../../model/webhook-configuration.js'
import { annotationsOf, listOf, recordOf, textOf } from '../../text/record.js'

/**
 * Looks up other webhook configurations, Services, Certificates and Secrets among the given objects. An
 * object that is not among them is unknown, never missing.
 */
export function buildObjectWebhooks(
  subjects: readonly Subject[],
  objects: readonly unknown[],
  namespace = ''
): WebhookSource {
  // The same object can be given several times, as in overlays for several environments. The last one counts.
  const configurations = new Map<string, WebhookConfigurationSubject>()
  for (const subject of subjects)
    if ('webhooks' in subject) configurations.set(`${subject.kind}/${subject.name}`, subject)
  const seen = known({ configurations: [...configurations.values()], complete: false })
  const services = new Map<string, Backend>()
  const certificates = new Set<string>()
  const secrets = new Map<string, boolean>()
  for (const object of objects) {
    const { apiVersion, kind, metadata } = recordOf(object)
    const { namespace: own, name } = recordOf(metadata)
    const key = `${textOf(own) ?? namespace}/${textOf(name) ?? ''}`
    if (apiVersion === 'v1' && kind === 'Service') services.set(key, backendOf(object))
    // cert-manager accepts only the exact value `true`: pkg/controller/cainjector/sources.go.
    if (apiVersion === 'v1' && kind === 'Secret')
      secrets.set(key, annotationsOf(recordOf(object))['cert-manager.io/allow-direct-injection'] === 'true')
    if (kind === 'Certificate' && /^cert-manager\.io\//.test(textOf(apiVersion) ?? '')) certificates.add(key)
  }

  return {
    readConfigurations: async () => seen,
    readBackend: async ({ namespace, name }): Promise<Fact<Backend>> => {
      const backend = services.get(`${namespace}/${name}`)

      return backend === undefined
        ? unknown(`service ${namespace}/${name} is not among the given objects`)
        : known(backend)
    },
    readCertificate: async ({ namespace, name }) =>
      certificates.has(`${namespace}/${name}`)
        ? known(true)
        : unknown(`certificate ${namespace}/${name} is not among the given objects`),
    allowsInjection: ({ namespace, name }) => {
      const allows = secrets.get(`${namespace}/${name}`)

      return allows === undefined
        ? unknown(`secret ${namespace}/${name} is not among the given objects`)
        : known(allows)
    }
  }
}

/** The ports of a Service object. `ready` states whether the Service has ready endpoints. */
export function backendOf(service: unknown, ready?: boolean): Backend {
  const { type, clusterIP, ports } = recordOf(recordOf(service)['spec'])
  // Whether the API server resolves these Services itself, and to which port, depends on its flag
  // --enable-aggregator-routing (k8s.io/apiserver, pkg/util/proxy).
  const isAnyPort = type === 'ExternalName' || clusterIP === 'None'

  return {
    exists: true,
    ports: isAnyPort
      ? undefined
      : listOf(ports)
          .flatMap((port) => recordOf(port)['port'])
          .filter((port) => typeof port === 'number'),
    ready: isAnyPort ? undefined : ready
  }
}
