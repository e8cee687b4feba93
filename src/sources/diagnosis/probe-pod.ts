import { probePodOf } from '../../identity-webhook/probe-pod.js'
import type { KubeClient } from '../../kube/client.js'
import { createPodInDryRun } from '../../kube/dry-run.js'
import { type KubeObject, statusMessage } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { reasonOf } from '../../text/escape.js'
import { isRecord } from '../../text/record.js'

/** The result of creating a pod in a dry run. */
export type ProbeAnswer =
  | { readonly created: true; readonly pod: KubeObject }
  /** The API server refused the pod; `because` is its message. */
  | { readonly created: false; readonly status: number; readonly because: string }

/** The workload that a probe pod stands in for. */
export interface ProbeSubject {
  readonly namespace: string
  readonly serviceAccount: string
  /** The labels of the pods, because a webhook's selector may exclude some. */
  readonly labels?: Readonly<Record<string, unknown>>
}

/**
 * Creates a pod for a service account in a dry run, and returns the pod as admission changed it, or the
 * refusal. Nothing is stored and no pod starts:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run. Never rejects.
 */
export async function probePod(
  client: KubeClient,
  { namespace, serviceAccount, labels = {} }: ProbeSubject,
  signal?: AbortSignal
): Promise<Fact<ProbeAnswer>> {
  try {
    const probe = probePodOf({ name: 'irsa-guard-diagnose', serviceAccount })
    const pod = { ...probe, metadata: { ...probe.metadata, labels } }
    const response = await createPodInDryRun(client, namespace, pod, signal)
    const { status, body } = response
    if (status === 201 && isRecord(body)) return known({ created: true, pod: body })
    const because = statusMessage(response)
    if (status === 403 && /cannot create resource "pods"/.test(because))
      return unknown(`/api/v1/namespaces/${namespace}/pods refused a pod in a dry run with 403`)
    if (status === 401) return unknown(`the API server does not accept the credentials (401: ${because})`)

    return known({ created: false, status, because })
  } catch (error) {
    return unknown(`no pod could be created in a dry run (${reasonOf(error)})`)
  }
}
