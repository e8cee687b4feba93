import { earlierProviderOf } from '../../identity-webhook/chain.js'
import { bypassLabel } from '../../identity-webhook/credentials.js'
import { credentialsOf } from '../../identity-webhook/credentials.js'
import type { Finding } from '../../model/finding.js'
import type { Pod } from '../../model/pod.js'
import { shortList } from '../../text/escape.js'
import { patch } from '../commands.js'
import { probeOutcomeOf } from '../probe.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrong, wrongBy } from '../scene.js'

/** What the containers have. It decides as whom the pod runs. */
export function containersStep(scene: Scene, before: readonly Judged[]): Judged {
  const { pod, told, podFacts } = scene
  const { wrong: findings, explaining, remarks } = told('containers')
  const observed = pod.state === 'known' ? pod.value.subject : undefined
  if (pod.state === 'unknown') return couldNotTell('containers', pod.because)
  if (pod.state === 'known' && observed === undefined)
    return wrong('containers', 'a static pod: the kubelet runs it from a file, and no webhook mutates it', {
      fix: 'run it as a DaemonSet or Deployment'
    })
  if (observed === undefined) return foreseen(scene, before)

  const shown = shownContainers(observed.pod, scene)
  const keys = observed.pod.containers.filter(
    (container) => earlierProviderOf(container)?.provider === 'access-key'
  )
  const hasNone = podFacts.chain?.state === 'known' && podFacts.chain.value.chain === 'none'
  // One container of several may have keys of its own on purpose.
  if (keys.length > 0 && hasNone)
    return wrongBy('containers', explaining, {
      message: `container ${shortList(keys.map(({ name }) => name))} has an access key (AWS_ACCESS_KEY_ID), which AWS SDKs use first`,
      rule: 'static-credentials-shadow-role',
      fix: 'remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the template',
      needsNewPods: false,
      commands: withoutVariables(
        scene,
        keys.map(({ name }) => name),
        ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
      )
    })
  const own = findings.filter(({ rule }) => !isLackOfMutation(rule))
  if (own.length > 0)
    return wrongBy('containers', own, { needsNewPods: true, commands: templateCommands(scene, own) })
  const lacking = findings.filter(({ rule }) => isLackOfMutation(rule))
  if (lacking.length === 0 && !hasNone) return ok('containers', shown, [...explaining, ...remarks])

  const broken = brokenAmong(before, 'service-account', 'annotation', 'association', 'identity-webhook')
  if (broken !== undefined) return { ...follows('containers', causeOf(broken), shown), needsNewPods: true }
  if (explaining.length > 0)
    return wrongBy('containers', explaining, {
      needsNewPods: true,
      commands: templateCommands(scene, explaining)
    })

  return lacking.length > 0
    ? wrongBy('containers', lacking, { message: `${shown}: ${ageShown(scene)}`, needsNewPods: true })
    : wrong('containers', shown, {
        fix: 'give the service account a role, then replace the pod',
        needsNewPods: true
      })
}

const isLackOfMutation = (rule: string): boolean => rule === 'pod-not-mutated' || rule === 'pod-half-mutated'

/** A pod that got nothing, although pods that are created now get it, is older than the fix. */
const ageShown = (scene: Scene): string =>
  probeOutcomeOf(scene).state === 'works'
    ? 'the pod was created before the identity webhook and the service account were as they are now; new pods get the role'
    : 'the identity webhook did not mutate the pod'

/** Each container and what it has. */
function shownContainers(pod: Pod, { settings }: Scene): string {
  const groups = Map.groupBy(pod.containers, (container) => {
    const credentials = credentialsOf(pod, container, settings)
    switch (credentials.kind) {
      case 'web-identity':
        return `role ${credentials.role.value ?? 'known only at run time'} and a token`
      case 'endpoint':
        return credentials.isPodIdentity
          ? 'container credentials of EKS Pod Identity'
          : `credentials of another endpoint (${credentials.variable.name})`
      case 'incomplete':
        return `an incomplete identity (${credentials.lacks})`
      case 'none':
        return 'no AWS credentials'
    }
  })

  return [...groups]
    .map(([has, containers]) => `${shortList(containers.map(({ name }) => name))}: ${has}`)
    .join('; ')
}

/** Without a pod, what a pod would get. */
function foreseen(scene: Scene, before: readonly Judged[]): Judged {
  const { told, chain } = scene
  const { wrong: findings, explaining, remarks } = told('containers')
  const causes = [...findings, ...explaining]
  if (causes.length > 0) return wrongBy('containers', causes, { commands: templateCommands(scene, causes) })
  const broken = brokenAmong(before, 'service-account', 'annotation', 'association', 'identity-webhook')
  if (broken !== undefined) return follows('containers', causeOf(broken), 'a new pod would get nothing')
  const outcome = probeOutcomeOf(scene)
  if (outcome.state === 'works')
    return ok(
      'containers',
      outcome.credentials.kind === 'web-identity'
        ? `a new pod gets role ${outcome.credentials.role.value ?? 'known only at run time'} and a token`
        : 'a new pod gets container credentials of EKS Pod Identity',
      remarks
    )
  if (scene.isOwnRole) return ok('containers', 'the pod template sets the role by itself', remarks)

  return couldNotTell(
    'containers',
    chain.chain === 'none' || chain.chain === 'unknown' ? chain.because : outcome.because,
    'there is no pod to look at'
  )
}

/** The commands for what a template opts out of, if the template belongs to an object that can be patched. */
function templateCommands(scene: Scene, findings: readonly Finding[]): string[] {
  const { template, tools, subject } = scene
  const [runner] = scene.runners
  if (template === undefined || runner?.object === undefined) return []
  const reference = `${runner.kind.toLowerCase()} ${runner.name}`
  const { pod, otherPods } = template
  if (otherPods.length > 0) return []
  const at = `/${pod.metadataField.replaceAll('.', '/')}`
  const skipKey = scene.settings.annotationNames['skip-containers']

  return findings.flatMap(({ rule }) => {
    if (rule !== 'mutation-skipped') return []
    const [part, key] =
      pod.labels[bypassLabel] !== undefined ? ['labels', bypassLabel] : ['annotations', skipKey]
    const list = part === 'labels' ? pod.labels : pod.annotations
    if (list[key] === undefined) return []

    return [
      patch(tools, reference, subject.namespace, [
        { op: 'remove', path: `${at}/${part}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` }
      ])
    ]
  })
}

/**
 * Removes variables from containers of a template:
 * https://kubernetes.io/docs/reference/kubectl/generated/kubectl_set/kubectl_set_env/
 */
function withoutVariables(
  { template, runners: [runner], tools, subject }: Scene,
  containers: readonly string[],
  variables: readonly string[]
): string[] {
  if (template === undefined || runner?.object === undefined) return []
  const settable = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'])
  if (!settable.has(runner.kind)) return []
  // A variable that comes from `envFrom` is not in the list, and kubectl cannot remove it.
  const written = template.pod.containers.filter(
    ({ name, variables: own }) => containers.includes(name) && own.some((one) => variables.includes(one.name))
  )

  return written.map(
    ({ name }) =>
      `${tools.kubectl} set env ${runner.kind.toLowerCase()}/${runner.name} -n ${subject.namespace} -c ${name} ${variables.map((variable) => `${variable}-`).join(' ')}`
  )
}
