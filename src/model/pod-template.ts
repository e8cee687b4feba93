import { parsePod, type Pod } from './pod.js'
import { isRecord, listOf } from './record.js'

// Kinds whose template is not the first `template` with containers: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
const jobTemplate: readonly string[] = ['spec', 'jobTemplate', 'spec', 'template']

/** Finds the pod template of an object of any kind (Deployment, CronJob, Argo Rollout, Knative Service, …). Never throws. */
export function findPodTemplate(object: Readonly<Record<string, unknown>>): Pod | undefined {
  if (object['kind'] === 'CronJob') return templateAt(object, jobTemplate) ?? searched(object)

  return templateAt(object, ['spec', 'template']) ?? templateAt(object, ['template']) ?? searched(object)
}

function templateAt(object: Readonly<Record<string, unknown>>, path: readonly string[]): Pod | undefined {
  let value: unknown = object
  for (const key of path) value = isRecord(value) ? value[key] : undefined

  return isTemplate(value) ? parsePod(value, path.join('.')) : undefined
}

const isTemplate = (value: unknown): boolean =>
  isRecord(value) && isRecord(value['spec']) && listOf(value['spec']['containers']).some(isRecord)

// Operators nest templates a few levels deep (`spec.replicatedJobs[0].template.spec.template`). What is wider or deeper than any of
// them is not searched: an object of 3 MiB must not cost a second.
const depthLimit = 12
const nodeLimit = 5000

/** Breadth first, so that the outermost template wins. */
function searched(object: Readonly<Record<string, unknown>>): Pod | undefined {
  let level: { value: unknown; field: string }[] = [{ value: object['spec'], field: 'spec' }]
  let seen = 0
  for (let depth = 0; depth < depthLimit && level.length > 0; depth++) {
    const next: { value: unknown; field: string }[] = []
    for (const { value, field } of level) {
      if (++seen > nodeLimit) return undefined
      if (isTemplate(value)) return parsePod(value, field)
      if (Array.isArray(value)) {
        for (const [index, member] of value.slice(0, nodeLimit).entries())
          next.push({ value: member as unknown, field: `${field}[${index}]` })
      } else if (isRecord(value)) {
        for (const [key, member] of Object.entries(value).slice(0, nodeLimit))
          next.push({ value: member, field: `${field}${segmentOf(key)}` })
      }
    }
    level = next.filter(({ value }) => typeof value === 'object' && value !== null)
  }

  return undefined
}

const segmentOf = (key: string): string => (/^\w+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)
