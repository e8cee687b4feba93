import { isRecord, listOf, textOf } from '../text/record.js'
import { namedIn } from './custom-resource.js'
import { parsePod, type Pod } from './pod.js'

// Each built-in workload kind has one template, at one of these places:
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
const builtIn = /^(?:v1|(?:apps|batch)\/\w+)$/
const places: readonly (readonly string[])[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
  ['template']
]

/**
 * Finds the pod templates of an object of any kind (Deployment, CronJob, Argo Rollout, RayCluster, JobSet,
 * …), outer ones first. Never throws.
 */
export function findPodTemplates(object: Readonly<Record<string, unknown>>): readonly Pod[] {
  if (builtIn.test(textOf(object['apiVersion']) ?? '')) {
    for (const place of places) {
      const template = templateAt(object, place)
      if (template !== undefined) return [template]
    }
    return []
  }
  const template = templateAt(object, ['template'])
  const templates = [...(template === undefined ? [] : [template]), ...searched(object)]
  if (!templates.some(({ serviceAccountName }) => serviceAccountName === 'default')) return templates

  // A FlinkDeployment, for example, names the service account outside its templates.
  const named = new Set(namedIn(object, isPodTemplate).accounts.map(({ name }) => name))
  const [account, another] = named
  return account === undefined || another !== undefined
    ? templates
    : templates.map((pod) =>
        pod.serviceAccountName === 'default' ? { ...pod, serviceAccountName: account } : pod
      )
}

function templateAt(object: Readonly<Record<string, unknown>>, path: readonly string[]): Pod | undefined {
  let value: unknown = object
  for (const key of path) value = isRecord(value) ? value[key] : undefined

  return isPodTemplate(value) ? parsePod(value, path.join('.')) : undefined
}

/** Whether a value looks like a pod template: it has a spec with containers. */
export const isPodTemplate = (value: unknown): boolean =>
  isRecord(value) && isRecord(value['spec']) && listOf(value['spec']['containers']).some(isRecord)

// Operators nest templates a few levels deep (`spec.replicatedJobs[0].template.spec.template`). The limits
// are well beyond what any operator uses, and keep the search of a 3 MiB object below a second.
const depthLimit = 12
const nodeLimit = 5000
const templateLimit = 100

/** Searches breadth first, but not inside a template. */
function searched(object: Readonly<Record<string, unknown>>): readonly Pod[] {
  const found: Pod[] = []
  let level: { value: unknown; field: string }[] = [{ value: object['spec'], field: 'spec' }]
  let seen = 0
  for (let depth = 0; depth < depthLimit && level.length > 0; depth++) {
    const next: { value: unknown; field: string }[] = []
    for (const { value, field } of level) {
      if (++seen > nodeLimit || found.length === templateLimit) return found
      const template = isPodTemplate(value) ? parsePod(value, field) : undefined
      if (template !== undefined) {
        found.push(template)
      } else if (Array.isArray(value)) {
        for (const [index, member] of value.slice(0, nodeLimit).entries())
          next.push({ value: member as unknown, field: `${field}[${index}]` })
      } else if (isRecord(value)) {
        for (const [key, member] of Object.entries(value).slice(0, nodeLimit))
          next.push({ value: member, field: `${field}${segmentOf(key)}` })
      }
    }
    level = next.filter(({ value }) => typeof value === 'object' && value !== null)
  }

  return found
}

const segmentOf = (key: string): string => (/^\w+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)
