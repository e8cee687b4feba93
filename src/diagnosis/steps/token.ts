import { credentialsOf } from '../../identity-webhook/credentials.js'
import { volumeOf } from '../../identity-webhook/token-file.js'
import { shownDuration } from '../../text/duration.js'
import { annotate } from '../commands.js'
import { probeOutcomeOf } from '../probe.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrongBy } from '../scene.js'

/** The projected token: its audience and its lifetime. The token itself is never read. */
export function tokenStep(scene: Scene, before: readonly Judged[]): Judged {
  const { told, pod, settings, account, tools } = scene
  const { wrong: findings, remarks } = told('token')
  if (findings.length > 0) {
    const key = settings.annotationNames.audience
    const isEmpty = findings.some(({ rule }) => rule === 'companion-annotation-invalid')
    return wrongBy('token', findings, {
      needsNewPods: true,
      ...(isEmpty && { commands: [annotate(tools, account, `${key}-`)] })
    })
  }
  const broken = brokenAmong(before, 'service-account', 'annotation', 'identity-webhook', 'containers')
  const isThere = before.some(({ step, state }) => step === 'containers' && state === 'ok')
  if (broken !== undefined && !isThere)
    return follows('token', causeOf(broken), 'there is no token to look at')

  const observed = pod.state === 'known' ? pod.value : undefined
  const subject = observed?.subject?.pod
  const found = subject?.containers
    .map((container) => ({ container, credentials: credentialsOf(subject, container, settings) }))
    .find(({ credentials }) => credentials.kind === 'web-identity')
  const outcome = probeOutcomeOf(scene)
  const credentials =
    found?.credentials ??
    (outcome.state === 'works' && observed === undefined ? outcome.credentials : undefined)
  if (credentials?.kind !== 'web-identity') return couldNotTell('token', 'there is no token to look at')
  if (credentials.token === undefined)
    return couldNotTell(
      'token',
      'the token file is not a projected token of the pod',
      'a token of another kind'
    )
  const { audience } = credentials.token
  const volume = found && subject && volumeBehind(subject, credentials.token.field)
  const seconds = volume === undefined ? undefined : observed?.tokenLifetimes.get(volume)
  const lifetime =
    seconds === undefined
      ? ''
      : `, valid for ${shownDuration(seconds)}; the kubelet renews it before it expires`
  if (audience === undefined)
    return couldNotTell(
      'token',
      "the token has no audience, so it gets the API server's, which is unknown",
      'no audience'
    )

  return ok('token', `audience ${audience}${lifetime}`, remarks)
}

/** The volume that projects a token. */
const volumeBehind = ({ volumes }: Parameters<typeof volumeOf>[0], field: string): string | undefined =>
  volumes.find(({ tokens }) => tokens.some((token) => token.field === field))?.name
