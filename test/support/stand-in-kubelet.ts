import { setTimeout as sleep } from 'node:timers/promises'
import { findCluster } from '../../src/kube/connect.js'
import { listOf, recordOf, textOf } from '../../src/text/record.js'
import type { ControlPlane } from '../control-plane/start.ts'

/**
 * Plays the scheduler and the kubelets of a control plane without nodes: pods are bound to the node that
 * `nodeOf` names, run as soon as they are bound, and are gone as soon as they are deleted.
 */
export function startStandInKubelet(
  { kubeconfig }: ControlPlane,
  nodeOf: (pod: Readonly<Record<string, unknown>>) => string
): () => Promise<void> {
  const client = findCluster({ kubeconfig }, {})
  if (client === undefined) throw new Error(`${kubeconfig} names no cluster`)
  const stopped = new AbortController()

  async function visit(pod: Readonly<Record<string, unknown>>): Promise<void> {
    const { name, namespace, deletionTimestamp } = recordOf(pod['metadata'])
    const spec = recordOf(pod['spec'])
    const path = `/api/v1/namespaces/${String(namespace)}/pods/${String(name)}`
    if (deletionTimestamp !== undefined) {
      await client?.request({ method: 'DELETE', path, body: { gracePeriodSeconds: 0 } })
      return
    }
    if (recordOf(pod['status'])['phase'] !== 'Pending') return
    if (textOf(spec['nodeName']) === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: nodeOf(pod) }
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target }
      await client?.request({ method: 'POST', path: `${path}/binding`, body: binding })
    }
    const startedAt = new Date().toISOString()
    const containerStatuses = listOf(spec['containers']).map((container) => ({
      name: recordOf(container)['name'],
      image: 'a',
      imageID: '',
      ready: true,
      restartCount: 0,
      state: { running: { startedAt } }
    }))
    const conditions = ['Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True' }))
    await client?.request({
      method: 'PATCH',
      path: `${path}/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { phase: 'Running', startTime: startedAt, conditions, containerStatuses } }
    })
  }

  const running = (async () => {
    while (!stopped.signal.aborted) {
      // An API server that is restarting is asked again.
      const list = await client.request({ path: '/api/v1/pods' }).catch(() => undefined)
      const pods = listOf(recordOf(list?.body)['items']).map(recordOf)
      await Promise.all(pods.map(async (pod) => visit(pod).catch(() => undefined)))
      await sleep(100, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  })()

  return async () => {
    stopped.abort()
    await running
    client.close()
  }
}
