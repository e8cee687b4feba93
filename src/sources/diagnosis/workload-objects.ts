import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects, readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { ownerOf } from '../../model/kubernetes-object.js'
import { isObjectName } from '../../model/object-name.js'
import { type WorkloadKind, workloadKindOf, workloadPath } from '../../model/workload-kind.js'
import { isRecord, listOf, recordOf, textOf } from '../../text/record.js'

/** An object, what created it, and its pods. */
export interface WorkloadObjects {
  /** The object itself, then its owners up to the topmost one, as far as they could be read. */
  readonly chain: readonly KubeObject[]
  /** The ReplicaSets of a Deployment and the Jobs of a CronJob, which create its pods. */
  readonly between: readonly KubeObject[]
  readonly pods: Fact<readonly KubeObject[]>
}

/** Built-in chains are short (pod → ReplicaSet → Deployment), so a longer chain is taken to be a cycle. */
const maxOwners = 5

/** Reads the owners and pods of an object that was already read. Never rejects. */
export async function readWorkloadObjects(
  client: KubeClient,
  object: KubeObject,
  kind: WorkloadKind
): Promise<WorkloadObjects> {
  const { namespace = '', name = '' } = namesOf(object)
  if (kind.kind === 'Pod')
    return { chain: [object, ...(await readOwners(client, object))], between: [], pods: known([object]) }
  if (kind.kind === 'ServiceAccount') {
    const pods = await listed(client, namespace, 'pods', {
      fieldSelector: `spec.serviceAccountName=${name}`
    })
    return { chain: [object], between: [], pods }
  }
  const owners = await readOwners(client, object)
  const between = await readBetween(client, object, kind)
  if (between.state !== 'known') return { chain: [object, ...owners], between: [], pods: between }
  const creators = [object, ...between.value].map(uidOf)
  const pods = await listed(client, namespace, 'pods', selectorOf(object))

  return {
    chain: [object, ...owners],
    between: between.value,
    pods:
      pods.state === 'known'
        ? known(pods.value.filter((pod) => controllersOf(pod).some((uid) => creators.includes(uid))))
        : pods
  }
}

/** The owners of an object, nearest first. An owner that cannot be read ends the chain. */
export async function readOwners(client: KubeClient, object: KubeObject): Promise<KubeObject[]> {
  const owners: KubeObject[] = []
  const { namespace } = namesOf(object)
  for (let last = object; owners.length < maxOwners;) {
    const owner = ownerOf(last)
    const kind = owner && workloadKindOf(owner.kind)
    if (owner === undefined || kind === undefined || namespace === undefined || !isObjectName(owner.name))
      break
    const read = await readObject(client, workloadPath(kind, namespace, owner.name))
    if (read.state !== 'known' || read.value === undefined) break
    // Other API groups have kinds with the same names, such as OpenKruise's StatefulSet.
    if (!controllersOf(last).includes(uidOf(read.value))) break
    owners.push(read.value)
    last = read.value
  }

  return owners
}

/** The objects between a Deployment or CronJob and its pods; none for other kinds. */
async function readBetween(
  client: KubeClient,
  object: KubeObject,
  { kind }: WorkloadKind
): Promise<Fact<readonly KubeObject[]>> {
  const { namespace = '' } = namesOf(object)
  const collection = kind === 'Deployment' ? 'replicasets' : kind === 'CronJob' ? 'jobs' : undefined
  if (collection === undefined) return known([])
  const found = await listed(client, namespace, collection, kind === 'CronJob' ? {} : selectorOf(object))

  return found.state === 'known'
    ? known(found.value.filter((one) => controllersOf(one).includes(uidOf(object))))
    : found
}

async function listed(
  client: KubeClient,
  namespace: string,
  collection: 'pods' | 'replicasets' | 'jobs' | 'events',
  query: Readonly<Record<string, string>>
): Promise<Fact<readonly KubeObject[]>> {
  const group = { pods: '/api/v1', events: '/api/v1', replicasets: '/apis/apps/v1', jobs: '/apis/batch/v1' }
  const read = await listObjects(client, `${group[collection]}/namespaces/${namespace}/${collection}`, {
    query
  })

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}

/**
 * The events about an object, which say, for example, why a pod does not start or why a ReplicaSet cannot
 * create pods. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export async function readEvents(
  client: KubeClient,
  object: KubeObject
): Promise<Fact<readonly KubeObject[]>> {
  const { namespace = '' } = namesOf(object)

  return listed(client, namespace, 'events', { fieldSelector: `involvedObject.uid=${uidOf(object)}` })
}

/**
 * The query for the pods that an object's selector matches. A CronJob has no selector: its Jobs label their
 * own pods.
 */
function selectorOf(object: KubeObject): Readonly<Record<string, string>> {
  const { matchLabels, matchExpressions } = recordOf(recordOf(object['spec'])['selector'])
  const labels = Object.entries(recordOf(matchLabels)).map(([key, value]) => `${key}=${String(value)}`)
  const expressions = listOf(matchExpressions)
    .filter(isRecord)
    .flatMap(({ key, operator, values }) => expressionOf(String(key), operator, listOf(values)))
  const selector = [...labels, ...expressions].join(',')

  return selector === '' ? {} : { labelSelector: selector }
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
function expressionOf(key: string, operator: unknown, values: readonly unknown[]): string[] {
  const list = `(${values.map(String).join(',')})`
  switch (operator) {
    case 'In':
      return [`${key} in ${list}`]
    case 'NotIn':
      return [`${key} notin ${list}`]
    case 'Exists':
      return [key]
    case 'DoesNotExist':
      return [`!${key}`]
    default:
      return []
  }
}

const uidOf = ({ metadata }: KubeObject): string => textOf(recordOf(metadata)['uid']) ?? ''

const controllersOf = ({ metadata }: KubeObject): string[] =>
  listOf(recordOf(metadata)['ownerReferences'])
    .map(recordOf)
    .flatMap(({ uid, controller }) => (controller === true && typeof uid === 'string' ? [uid] : []))

function namesOf({ metadata }: KubeObject): { readonly namespace?: string; readonly name?: string } {
  const { namespace, name } = recordOf(metadata)
  const [space, own] = [textOf(namespace), textOf(name)]

  return { ...(space !== undefined && { namespace: space }), ...(own !== undefined && { name: own }) }
}
