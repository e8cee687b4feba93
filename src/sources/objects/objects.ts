import type { AssociationSource, PodInSight, Sources } from '../../facts/facts.js'
import type { ClusterArn } from '../../model/cluster-arn.js'
import { known, moot, unknown } from '../../model/fact.js'
import { type NamespaceSettings, parseNamespaceSettings } from '../../model/namespace.js'
import {
  type AssociationSubject,
  nameOf,
  namespacedName,
  namespaceNotGiven,
  podsOf,
  type Subject
} from '../../model/subject.js'
import { isRecord, recordOf } from '../../text/record.js'
import { overlayAssociations } from '../associations/given-associations.js'
import { dataKeysAmong } from './data-keys.js'
import { podIdentityAgentAmong } from './object-agent.js'
import { identityWebhookAmong } from './object-identity-webhook.js'
import { buildNeighbours } from './object-neighbours.js'
import { buildObjectWebhooks } from './object-webhooks.js'

/** Facts that the given objects provide about each other. */
export type ObjectSources = Pick<Sources, 'clusterCa' | 'identityWebhook' | 'podIdentityAgent'> &
  Required<
    Pick<
      { [S in keyof Sources]: NonNullable<Sources[S]> },
      'accounts' | 'dataKeys' | 'namespaces' | 'neighbours' | 'pods' | 'webhooks'
    >
  > & {
    /** The associations among the objects, overlaid on those of another source. */
    associationsWith(
      cluster: ClusterArn | undefined,
      other: AssociationSource | undefined
    ): AssociationSource | undefined
  }

/**
 * Lets rules look up the other objects of the same input. A service account in the input is known; any other
 * is unknown, never missing, because a chart may rely on one created elsewhere. A namespace that is not in
 * the input is assumed to have no restrictions, like most namespaces. `objects` contains every object, including
 * those that no rule checks. `namespace` applies to objects that specify none.
 */
export function buildObjectSources(
  subjects: readonly Subject[],
  objects: readonly unknown[],
  namespace?: string
): ObjectSources {
  const namespaces = namespacesAmong(objects)
  const annotations = new Map<string, Readonly<Record<string, unknown>>>()
  const pods: PodInSight[] = []
  const associations: AssociationSubject[] = []
  for (const subject of subjects) {
    if (subject.kind === 'ServiceAccount') {
      annotations.set(`${subject.namespace}/${subject.name}`, subject.annotations)
      continue
    }
    if (subject.kind === 'PodIdentityAssociation') associations.push(subject)
    if (!('pod' in subject)) continue
    for (const pod of podsOf(subject)) {
      const { labels, serviceAccountName } = pod
      const { namespace } = subject
      const namespaceLabels = namespaces.get(namespace)?.labels
      pods.push({ owner: nameOf(subject), namespace, namespaceLabels, labels, serviceAccountName })
    }
  }
  return {
    clusterCa: clusterCaAmong(objects),
    identityWebhook: identityWebhookAmong(objects, namespace),
    podIdentityAgent: podIdentityAgentAmong(objects),
    dataKeys: dataKeysAmong(objects, namespace),
    pods,
    webhooks: buildObjectWebhooks(subjects, objects, namespace),
    namespaces: {
      readNamespace: (name) => {
        const found = namespaces.get(name)
        if (found !== undefined) return known(found.settings)

        return name === '' && namespaces.size > 0
          ? unknown(namespaceNotGiven)
          : moot(`namespace ${name} is not among the given objects`)
      }
    },
    accounts: {
      readAccount: (namespace, name) => {
        const found = annotations.get(`${namespace}/${name}`)

        return found === undefined
          ? unknown(`service account ${namespacedName(namespace, name)} is not among the given objects`)
          : known({ exists: true, annotations: found })
      }
    },
    neighbours: buildNeighbours(subjects, objects),
    associationsWith: (cluster, other) => overlayAssociations(associations, cluster, other)
  }
}

interface GivenNamespace {
  readonly settings: NamespaceSettings
  readonly labels: Readonly<Record<string, unknown>>
}

function namespacesAmong(objects: readonly unknown[]): ReadonlyMap<string, GivenNamespace> {
  const namespaces = new Map<string, GivenNamespace>()
  for (const object of objects) {
    if (!isRecord(object) || object['kind'] !== 'Namespace' || object['apiVersion'] !== 'v1') continue
    const { name, labels } = recordOf(object['metadata'])
    if (typeof name === 'string')
      namespaces.set(name, { settings: parseNamespaceSettings(object), labels: recordOf(labels) })
  }

  return namespaces
}

/**
 * The cluster CA (PEM) from the ConfigMap `kube-root-ca.crt`, which kube-controller-manager publishes in
 * every namespace. Undefined if there is none, or if several differ, because it is then unknown which cluster
 * is meant.
 */
function clusterCaAmong(objects: readonly unknown[]): string | undefined {
  const texts = new Set(
    objects
      .filter(isRecord)
      .filter(
        ({ kind, metadata }) => kind === 'ConfigMap' && recordOf(metadata)['name'] === 'kube-root-ca.crt'
      )
      .map(({ data }) => recordOf(data)['ca.crt'])
      .filter((text) => typeof text === 'string')
  )

  return texts.size === 1 ? [...texts][0] : undefined
}
