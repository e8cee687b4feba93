import { bypassLabel, injectedVariables } from '../identity-webhook/credentials.js'
import type { Runner } from '../migration/runners.js'
import type { Finding } from '../model/finding.js'
import type { Pod } from '../model/pod.js'
import type { WorkloadSubject } from '../model/subject.js'
import { shellQuote } from '../text/shell.js'
import { patch } from './commands.js'
import type { Scene } from './scene.js'

/** The kinds whose template kubectl can change. All except CronJob then replace their pods by themselves. */
const changeable: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'])

/** A template that a command can change, and the object that has it; undefined if there is none. */
function changeableTemplate({
  template,
  runners: [runner]
}: Scene): { readonly template: WorkloadSubject; readonly runner: Runner } | undefined {
  if (template === undefined || runner?.object === undefined || !changeable.has(runner.kind)) return undefined

  return { template, runner }
}

/** The commands that remove an opt-out or variables, if the template itself sets them. */
export function templateCommands(scene: Scene, findings: readonly Finding[]): string[] {
  const found = changeableTemplate(scene)
  if (found === undefined) return []
  const rules = new Set(findings.map(({ rule }) => rule))
  const { pod } = found.template

  return [
    ...(rules.has('mutation-skipped') ? optIn(scene, found.runner, pod) : []),
    ...(rules.has('mutation-preempted') && scene.chain.chain === 'irsa'
      ? withoutVariables(
          scene,
          pod.containers.map(({ name }) => name),
          injectedVariables
        )
      : [])
  ]
}

/** Removes the label or the annotation that keeps the identity webhook away. */
function optIn({ tools, settings }: Scene, runner: Runner, pod: Pod): string[] {
  const [part, list, key] =
    pod.labels[bypassLabel] !== undefined
      ? (['labels', pod.labels, bypassLabel] as const)
      : (['annotations', pod.annotations, settings.annotationNames['skip-containers']] as const)
  if (list[key] === undefined) return []
  const path = `/${pod.metadataField.replaceAll('.', '/')}/${part}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`

  return [
    patch(tools, `${runner.kind.toLowerCase()} ${runner.name}`, runner.namespace, [{ op: 'remove', path }])
  ]
}

/** Removes the access keys of these containers. */
export const keyCommands = (scene: Scene, containers: readonly string[]): string[] =>
  withoutVariables(scene, containers, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])

/**
 * Removes variables from containers: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_set/kubectl_set_env/.
 * Variables from `envFrom` are left out, because kubectl cannot remove them one by one.
 */
function withoutVariables(scene: Scene, names: readonly string[], variables: readonly string[]): string[] {
  const found = changeableTemplate(scene)
  if (found === undefined) return []
  const { runner, template } = found
  const has = template.pod.containers.filter(
    ({ name, variables: own }) => names.includes(name) && own.some((one) => variables.includes(one.name))
  )

  return has.map(({ name, variables: own }) =>
    [
      `${scene.tools.kubectl} set env ${runner.kind.toLowerCase()}/${runner.name} -n ${runner.namespace}`,
      `-c ${shellQuote(name)}`,
      ...variables.filter((variable) => own.some((one) => one.name === variable)).map((one) => `${one}-`)
    ].join(' ')
  )
}
