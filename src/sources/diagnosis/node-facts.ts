import { parse } from 'yaml'
import type { NodeFacts } from '../../facts/pod-surroundings.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, listObjects, readObject } from '../../kube/read.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { isObjectName } from '../../model/object-name.js'
import { listOf, recordOf, textOf } from '../../text/record.js'
import { podIdentityAgentAmong } from '../objects/object-agent.js'

/** Reads the node that a pod runs on. `withAgent` is false for pods that need no agent. Never rejects. */
export async function readNodeFacts(
  client: KubeClient,
  nodeName: string | undefined,
  { withAgent }: { readonly withAgent: boolean }
): Promise<NodeFacts> {
  const [node, systemPods, agentInCluster, nodeRoles] = await Promise.all([
    readNode(client, nodeName),
    withAgent && nodeName !== undefined ? readSystemPods(client, nodeName) : notNeeded,
    withAgent ? readAgent(client) : notNeeded,
    readNodeRoles(client)
  ])

  return { node, systemPods, agentInCluster, nodeRoles }
}

const notNeeded = moot('the pod needs no agent')

async function readNode(client: KubeClient, name: string | undefined): Promise<Fact<KubeObject>> {
  if (name === undefined) return moot('the pod is not on a node yet')
  if (!isObjectName(name)) return unknown('the name of the node is not valid')
  const read = await readObject(client, `/api/v1/nodes/${name}`)
  if (read.state !== 'known') return unknown(read.because)

  return read.value === undefined ? unknown(`node ${name} no longer exists`) : known(read.value)
}

/** The agent is an add-on, which can be installed in a different namespace than `kube-system`. */
async function readSystemPods(client: KubeClient, node: string): Promise<Fact<readonly KubeObject[]>> {
  return listWidely(client, ['/api/v1', 'pods'], { fieldSelector: `spec.nodeName=${node}` })
}

async function readAgent(client: KubeClient): Promise<Fact<boolean | undefined>> {
  const [nodes, daemonSets] = await Promise.all([
    listObjects(client, '/api/v1/nodes'),
    listWidely(client, ['/apis/apps/v1', 'daemonsets'])
  ])
  if (nodes.state !== 'known') return unknown(nodes.because)
  if (daemonSets.state !== 'known') return daemonSets

  return known(podIdentityAgentAmong([...nodes.value, ...daemonSets.value]))
}

/**
 * Lists the objects in all namespaces, or only those in `kube-system` if the user may not list objects in all
 * namespaces.
 */
async function listWidely(
  client: KubeClient,
  [group, plural]: readonly [string, string],
  query: Readonly<Record<string, string>> = {}
): Promise<Fact<readonly KubeObject[]>> {
  const all = await listObjects(client, `${group}/${plural}`, { query })
  const read =
    all.state === 'known' || all.response?.status !== 403
      ? all
      : await listObjects(client, `${group}/namespaces/kube-system/${plural}`, { query })

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}

/**
 * The value is YAML in a string. An entry for nodes maps to the group `system:nodes`:
 * https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html
 */
async function readNodeRoles(client: KubeClient): Promise<Fact<readonly string[]>> {
  const read = await readObject(client, '/api/v1/namespaces/kube-system/configmaps/aws-auth')
  if (read.state !== 'known') return unknown(read.because)
  const text = textOf(recordOf(read.value?.['data'])['mapRoles'])
  if (text === undefined) return known([])
  try {
    const entries: unknown = parse(text, { maxAliasCount: 0 })
    const roles = listOf(entries)
      .map(recordOf)
      .filter(({ groups }) => listOf(groups).includes('system:nodes'))
      .flatMap(({ rolearn }) => textOf(rolearn) ?? [])

    return known([...new Set(roles)])
  } catch {
    return unknown('ConfigMap kube-system/aws-auth contains invalid YAML')
  }
}
