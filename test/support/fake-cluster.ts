import type { KubeClient, KubeRequest } from '../../src/kube/client.js'
import type { KubeResponse } from '../../src/kube/response.js'
import { isRecord, recordOf, textOf } from '../../src/text/record.js'
import { clientThat } from './kube-client.js'

/** The objects of a cluster, and what admission makes of a pod. */
export interface FakeCluster {
  readonly objects: readonly object[]
  /** The answer to a pod in a dry run. */
  readonly admit: (pod: Readonly<Record<string, unknown>>) => Partial<KubeResponse>
  /** Other paths, such as the discovery document. */
  readonly documents?: Readonly<Record<string, unknown>>
  /** The paths that the user may not read. */
  readonly refused?: RegExp
  /** How many requests are answered before the API server goes away. */
  readonly answered?: number
}

/** A client of an API server that has these objects. */
export function clientOf(cluster: FakeCluster, trust?: Parameters<typeof clientThat>[1]): KubeClient {
  let left = cluster.answered ?? Infinity

  return clientThat((request) => {
    if (left === 0) return new Error('connect ECONNREFUSED 127.0.0.1:6443')
    left--

    return answerOf(cluster, request)
  }, trust)
}

function answerOf(
  { objects, admit, documents = {}, refused }: FakeCluster,
  { method = 'GET', path, query = {}, body }: KubeRequest
): Partial<KubeResponse> {
  const [resource = ''] = path.split('?', 1)
  if (refused?.test(`${method} ${resource}`) === true)
    return {
      status: 403,
      body: { message: `User "dev" cannot ${method === 'POST' ? 'create resource "pods"' : 'get it'}` }
    }
  if (method === 'POST') return admit(recordOf(body))
  if (documents[resource] !== undefined) return { body: documents[resource] }
  const [, namespace, plural = '', name] =
    /^\/(?:api|apis\/[^/]+)\/v1(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(resource) ?? []
  const found = objects.filter(
    (object) =>
      `${kindOf(object).toLowerCase()}s` === plural &&
      (namespace === undefined || metadataOf(object)['namespace'] === namespace)
  )
  if (name === undefined)
    return { body: { kind: 'List', apiVersion: 'v1', items: found.filter((one) => isSelected(one, query)) } }
  const one = found.find((object) => metadataOf(object)['name'] === name)

  return one === undefined ? { status: 404, body: { message: 'not found' } } : { body: one }
}

const kindOf = (object: object): string => textOf(recordOf(object)['kind']) ?? ''
const metadataOf = (object: object): Readonly<Record<string, unknown>> =>
  recordOf(recordOf(object)['metadata'])

function isSelected(object: object, { fieldSelector }: NonNullable<KubeRequest['query']>): boolean {
  if (typeof fieldSelector !== 'string') return true
  const [path = '', value] = fieldSelector.split('=')
  let found: unknown = object
  for (const key of path.split('.')) found = isRecord(found) ? found[key] : undefined

  return found === value
}
