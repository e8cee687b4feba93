import type { PodsWithoutRole } from '../../ca-bundle/preflight/judge-without-role.js'
import type { PreflightFact } from '../../ca-bundle/preflight/preflight.js'
import type { RunningPod } from '../../ca-bundle/preflight/running-pod.js'
import type { Config } from '../../config.js'
import type { KubeClient } from '../../kube/client.js'
import { unknown } from '../../model/fact.js'
import { rules } from '../../rules/index.js'
import { podNotMutated } from '../../rules/pod-not-mutated.js'
import { reasonOf } from '../../text/escape.js'
import { buildRequestCounter } from './request-counter.js'
import { scanConnected, type ScanOptions } from './scan-cluster.js'

interface WithoutRoleQuestion {
  readonly since: Date
  /** The running pods, which show what to restart. */
  readonly pods: PreflightFact<readonly RunningPod[]>
  readonly options: Pick<ScanOptions, 'aws' | 'clusterArn'>
  readonly config: Config
  readonly environment: NodeJS.ProcessEnv
  readonly at: Date
}

/**
 * Finds the pods that were created after a given time and that, according to `scan`, lack their role. Never
 * rejects.
 */
export async function readWithoutRole(
  client: KubeClient,
  { since, pods, options, config, environment, at }: WithoutRoleQuestion
): Promise<PreflightFact<PodsWithoutRole>> {
  if (pods.state === 'unknown') return pods
  try {
    const { reviews } = await scanConnected(
      client,
      undefined,
      { ...options, iam: [] },
      {
        config,
        severities: new Map(
          rules.filter(({ id }) => id !== podNotMutated.id).map(({ id }) => [id, 'off'] as const)
        ),
        createdAfter: since,
        at,
        signal: undefined,
        progress: { show: () => undefined, clear: () => undefined },
        environment,
        onNoCredentials: () => undefined,
        iamRequests: buildRequestCounter()
      }
    )
    const found = new Set(
      reviews.flatMap(({ subject, findings }) =>
        subject?.kind === 'Pod' && findings.length > 0 ? [`${subject.namespace}/${subject.name}`] : []
      )
    )

    return {
      state: 'known',
      value: {
        since,
        pods: pods.value.filter(({ name, runner }) => found.has(`${runner.namespace}/${name}`))
      }
    }
  } catch (error) {
    return unknown(reasonOf(error))
  }
}
