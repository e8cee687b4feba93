import { earlierProviderOf } from '../../identity-webhook/chain.js'
import { containersToMutate, credentialsOf } from '../../identity-webhook/credentials.js'
import type { Finding } from '../../model/finding.js'
import type { Pod } from '../../model/pod.js'
import { shortList } from '../../text/escape.js'
import { probeOutcomeOf } from '../probe.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrong, wrongBy } from '../scene.js'
import { keyCommands, templateCommands } from '../template-fix.js'

const earlier = ['service-account', 'annotation', 'association', 'identity-webhook'] as const

/** The credentials that the containers have. They decide which identity the pod has. */
export function containersStep(scene: Scene, before: readonly Judged[]): Judged {
  const { pod } = scene
  if (pod.state === 'unknown') return couldNotTell('containers', pod.because)
  if (pod.state === 'moot') return foreseen(scene, before)
  const { subject } = pod.value
  if (subject === undefined)
    return wrong('containers', 'a static pod: the kubelet runs it from a file, and no webhook mutates it', {
      fix: 'run it as a DaemonSet or Deployment'
    })

  return withKeys(scene, subject.pod) ?? judged(scene, subject.pod, before)
}

/**
 * The problem that containers have access keys, so that no container uses the role. Undefined if a container
 * uses the role.
 */
function withKeys(scene: Scene, pod: Pod): Judged | undefined {
  const names = pod.containers
    .filter((container) => earlierProviderOf(container)?.provider === 'access-key')
    .map(({ name }) => name)
  if (names.length === 0 || !hasNone(scene)) return undefined

  return wrong(
    'containers',
    `${counted(names)} ${shortList(names)} ${names.length === 1 ? 'has' : 'have'} an access key (AWS_ACCESS_KEY_ID), which AWS SDKs use instead of the role`,
    {
      rule: 'static-credentials-shadow-role',
      fix: 'remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the template, or give up the role',
      commands: keyCommands(scene, names)
    }
  )
}

const counted = ({ length }: readonly string[]): string => (length === 1 ? 'container' : 'containers')

const hasNone = ({ podFacts: { chain } }: Scene): boolean =>
  chain?.state === 'known' && chain.value.chain === 'none'

function judged(scene: Scene, pod: Pod, before: readonly Judged[]): Judged {
  const { explaining, remarks } = scene.told('containers')
  const findings = [
    ...scene.told('containers').wrong,
    ...remarks.filter((one) => isOfTemplate(one, scene, pod))
  ]
  const shown = shownContainers(pod, scene)
  const [lacking, own] = [findings.filter(isLack), findings.filter((finding) => !isLack(finding))]
  const preempted = explaining.filter(({ rule }) => rule === 'mutation-preempted')
  const incomplete = pod.containers.some(
    (container) => credentialsOf(pod, container, scene.settings).kind === 'incomplete'
  )
  const isRight = lacking.length === 0 && !hasNone(scene) && !incomplete
  if (own.length > 0) return byTemplate(scene, own)
  if (isRight) return ok('containers', shown, [...explaining, ...remarks])
  if (preempted.length > 0) return byTemplate(scene, preempted)

  const broken = brokenAmong(before, ...earlier)
  if (broken !== undefined) return { ...follows('containers', causeOf(broken), shown), needsNewPods: true }
  if (lacking.length > 0)
    return {
      ...wrongBy('containers', lacking),
      message: `${shown}: ${reason(scene)}`,
      needsNewPods: isOutdated(scene)
    }

  return wrong('containers', shown, {
    fix: incomplete
      ? 'remove AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and their volume from the template, or set all of them'
      : 'give the service account a role, then replace the pod'
  })
}

const isLack = ({ rule }: Finding): boolean => rule === 'pod-not-mutated' || rule === 'pod-half-mutated'

/**
 * If only some containers have credentials, a container without credentials was usually added later by
 * another webhook. A container that the template names was not added later, so it really lacks the role.
 */
function isOfTemplate({ rule }: Finding, { template, settings }: Scene, pod: Pod): boolean {
  if (rule !== 'pod-half-mutated' || template === undefined) return false
  const names = new Set(template.pod.containers.map(({ name }) => name))

  return containersToMutate(pod, settings).some(
    (container) => names.has(container.name) && credentialsOf(pod, container, settings).kind === 'none'
  )
}

/**
 * A problem that the pod template causes. New pods have it, too, unless the service account changed after this
 * pod was created.
 */
function byTemplate(scene: Scene, findings: readonly Finding[]): Judged {
  const commands = templateCommands(scene, findings)
  const isOld = findings.some(({ rule }) => rule === 'pod-role-mismatch') && isOutdated(scene)

  return wrongBy('containers', findings, { commands, needsNewPods: isOld })
}

/** Whether pods that are created now get what this pod lacks. */
const isOutdated = (scene: Scene): boolean =>
  probeOutcomeOf(scene).state === 'works' &&
  !scene.told('containers').explaining.some(({ rule }) => rule === 'mutation-preempted')

const reason = (scene: Scene): string =>
  isOutdated(scene)
    ? 'the pod is older than the current state of its service account or of the identity webhook; new pods get the role'
    : 'the identity webhook did not mutate the pod'

/** The containers, grouped by the credentials that they have. */
function shownContainers(pod: Pod, { settings }: Scene): string {
  const groups = Map.groupBy(pod.containers, (container) => {
    const credentials = credentialsOf(pod, container, settings)
    switch (credentials.kind) {
      case 'web-identity':
        return `role ${credentials.role.value ?? 'known only at run time'} and a token`
      case 'endpoint':
        return credentials.isPodIdentity
          ? 'container credentials of EKS Pod Identity'
          : `credentials from another endpoint (${credentials.variable.name})`
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

/** What a pod would get, if there is no pod yet. */
function foreseen(scene: Scene, before: readonly Judged[]): Judged {
  const { told, chain } = scene
  const { wrong: findings, explaining, remarks } = told('containers')
  const causes = [...findings, ...explaining.filter(({ rule }) => rule === 'mutation-preempted')]
  if (causes.length > 0) return byTemplate(scene, causes)
  const broken = brokenAmong(before, ...earlier)
  if (broken !== undefined) return follows('containers', causeOf(broken), 'a new pod would get nothing')
  if (scene.isOwnRole) return ok('containers', 'the pod template itself sets the role', remarks)
  const outcome = probeOutcomeOf(scene)
  if (outcome.state !== 'works')
    return couldNotTell(
      'containers',
      chain.chain === 'none' || chain.chain === 'unknown' ? chain.because : outcome.because,
      'there is no pod to look at'
    )

  return ok(
    'containers',
    outcome.credentials.kind === 'web-identity'
      ? `a new pod gets role ${outcome.credentials.role.value ?? 'known only at run time'} and a token`
      : 'a new pod gets container credentials of EKS Pod Identity',
    [...explaining, ...remarks]
  )
}
