import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import { version } from '../version.js'
import {
  applyCommand,
  type Check,
  type Installation,
  type LiveObject,
  type Reading,
  unreadCheck
} from './check.js'
import { imageVersionOf, nameOf } from './shipped.js'

/** What one of the two processes does for the cluster while it runs. */
const effects = {
  serve: 'the API server admits every request unchecked, because failurePolicy is Ignore',
  controller: 'certificates are not renewed, and new problems in the cluster go unnoticed'
} as const

/** Whether a process is running, according to its Deployment and its pods. */
export function judgeProcess(
  name: keyof typeof effects,
  { deployment, pods }: { deployment: Reading<LiveObject | undefined>; pods: Reading<readonly LiveObject[]> },
  { shippedReplicas, ...installation }: Installation & { readonly shippedReplicas: number }
): Check {
  const { namespace, kubectl } = installation
  const full = `irsa-guard-${name}`
  if (deployment.state === 'unknown') {
    return unreadCheck(name, `Deployment ${full} could not be read`, deployment.because, {
      kubectl,
      right: `get deployments.apps/${full} -n ${namespace}`
    })
  }
  const because = effects[name]
  if (deployment.value === undefined) {
    const message = `there is no Deployment ${full} in namespace ${namespace}`
    return { check: name, state: 'wrong', message, because, fix: applyCommand(installation) }
  }
  const { replicas: wanted = 1, template } = recordOf(deployment.value['spec'])
  const status = recordOf(deployment.value['status'])
  if (wanted === 0) {
    const fix = `${kubectl} -n ${namespace} scale deployment ${full} --replicas=${shippedReplicas}`
    return { check: name, state: 'wrong', message: 'scaled to 0', because, fix }
  }
  const ready = Number(status['readyReplicas'] ?? 0)
  const counts = `${ready} of ${String(wanted)} ready`
  const image = imageOf(template, name)
  if (ready < Number(wanted)) {
    const reason = failureOf(status, pods)
    return {
      check: name,
      state: 'wrong',
      message: reason === undefined ? counts : `${counts}: ${reason}`,
      because: ready === 0 ? because : 'the other pods do the work',
      fix: `${kubectl} -n ${namespace} describe pods -l app.kubernetes.io/name=${full}`
    }
  }

  return { check: name, state: 'ok', message: [counts, ...restartsOf(pods), ...image].join(', ') }
}

/** The version in the tag of a Deployment's image; undefined if the tag is not a version. */
export function runningVersionOf(deployment: Reading<LiveObject | undefined>): string | undefined {
  if (deployment.state === 'unknown' || deployment.value === undefined) return undefined
  const image = firstImageOf(recordOf(deployment.value['spec'])['template'])

  return image === undefined ? undefined : imageVersionOf(image)
}

function firstImageOf(template: unknown, name?: string): string | undefined {
  const containers = listOf(recordOf(recordOf(template)['spec'])['containers']).filter(isRecord)
  // Service meshes and policies add containers.
  const own = containers.find((container) => container['name'] === name) ?? containers[0]

  return textOf(own?.['image'])
}

function imageOf(template: unknown, name: string): string[] {
  const image = firstImageOf(template, name)
  if (image === undefined) return []
  const running = imageVersionOf(image)

  return [
    `image ${image}${running === undefined || running === version ? '' : ` (this command is ${version})`}`
  ]
}

/** Why pods are missing or not ready: the Deployment's own reason, otherwise that of the first pod that is not ready. */
function failureOf(status: LiveObject, pods: Reading<readonly LiveObject[]>): string | undefined {
  const refused = listOf(status['conditions'])
    .filter(isRecord)
    .find(({ type, status: value }) => type === 'ReplicaFailure' && value === 'True')
  const refusal = textOf(refused?.['message'])
  if (refusal !== undefined) return refusal
  if (pods.state === 'unknown') return `the pods could not be read (${pods.because})`
  const [bad] = pods.value.filter((pod) => conditionOf(pod, 'Ready')['status'] !== 'True')
  if (bad === undefined) return undefined

  return `pod ${nameOf(bad)} is ${podReasonOf(bad)}`
}

function podReasonOf(pod: LiveObject): string {
  const status = recordOf(pod['status'])
  const waiting = statusesOf(pod)
    .map(({ state }) => recordOf(recordOf(state)['waiting']))
    .find(({ reason }) => textOf(reason) !== undefined)
  const blocked = conditionOf(pod, 'PodScheduled')
  const scheduling = blocked['status'] === 'False' ? textOf(blocked['message']) : undefined
  const reason =
    textOf(waiting?.['message']) ?? scheduling ?? textOf(status['message']) ?? textOf(status['reason'])
  const state =
    textOf(waiting?.['reason']) ?? (status['phase'] === 'Running' ? 'running, not ready' : undefined)

  return [state ?? textOf(status['phase']) ?? 'unknown', ...(reason === undefined ? [] : [reason])].join(': ')
}

function restartsOf(pods: Reading<readonly LiveObject[]>): string[] {
  if (pods.state === 'unknown') return ['restarts unknown']
  const statuses = pods.value.flatMap(statusesOf)
  const count = statuses.reduce((sum, { restartCount }) => sum + Number(restartCount ?? 0), 0)
  const last = statuses
    .map(({ lastState }) => textOf(recordOf(recordOf(lastState)['terminated'])['reason']))
    .find((reason) => reason !== undefined)
  if (count === 0) return ['no restarts']

  return [`${count} restart${count === 1 ? '' : 's'}${last === undefined ? '' : ` (last: ${last})`}`]
}

const statusesOf = (pod: LiveObject): LiveObject[] =>
  listOf(recordOf(pod['status'])['containerStatuses']).filter(isRecord)

const conditionOf = (pod: LiveObject, type: string): LiveObject =>
  listOf(recordOf(pod['status'])['conditions'])
    .filter(isRecord)
    .find((condition) => condition['type'] === type) ?? {}
