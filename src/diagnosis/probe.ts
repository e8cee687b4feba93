import { type ContainerCredentials, credentialsOf } from '../identity-webhook/credentials.js'
import { isNewAssociation } from '../identity-webhook/pod-role.js'
import type { Observations } from './observations.js'

/** What a dry-run pod shows about the identity webhook. */
export type ProbeOutcome =
  | { readonly state: 'works'; readonly credentials: ContainerCredentials }
  | { readonly state: 'fails' | 'unknown'; readonly because: string }

/** Judges the pod that admission returned. */
export function probeOutcomeOf({
  probe,
  chain: { chain },
  settings,
  facts,
  at
}: Pick<Observations, 'probe' | 'chain' | 'settings' | 'facts' | 'at'>): ProbeOutcome {
  if (probe.state !== 'known') return { state: 'unknown', because: probe.because }
  const answer = probe.value
  if (!answer.created) {
    // With failurePolicy Fail, the API server names the webhook that it could not call.
    return answer.because.includes('failed calling webhook')
      ? { state: 'fails', because: `the API server refuses every pod: ${answer.because}` }
      : {
          state: 'unknown',
          because: `the API server refused a pod in a dry run (${answer.status}: ${answer.because})`
        }
  }
  const [container] = answer.pod?.containers ?? []
  if (answer.pod === undefined || container === undefined)
    return { state: 'unknown', because: 'the dry-run pod came back without its container' }
  const credentials = credentialsOf(answer.pod, container, settings)
  const isOnAgent = credentials.kind === 'endpoint' && credentials.isPodIdentity
  if (isOnAgent) return { state: 'works', credentials }
  if (chain === 'pod-identity') {
    const { associated } = facts
    const isNew =
      associated?.state === 'known' && associated.value.exists && isNewAssociation(associated.value, at)
    const got = credentials.kind === 'web-identity' ? 'got the annotated role instead' : 'got no credentials'

    return isNew
      ? {
          state: 'unknown',
          because: 'the association is less than a minute old and may not be in effect yet'
        }
      : { state: 'fails', because: `a pod created now, in a dry run, ${got}` }
  }
  if (credentials.kind === 'web-identity') return { state: 'works', credentials }

  return {
    state: 'fails',
    because: `a pod created now, in a dry run, ${credentials.kind === 'incomplete' ? credentials.lacks : 'got no credentials'}`
  }
}
