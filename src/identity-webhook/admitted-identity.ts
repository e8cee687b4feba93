import type { AssociationLookup } from '../model/association.js'
import type { Fact } from '../model/fact.js'
import { type Container, type Pod, variableOf } from '../model/pod.js'
import { parseRoleArn } from '../model/role-arn.js'
import { quote } from '../text/escape.js'
import {
  agentVariables,
  bypassLabel,
  containersToMutate,
  credentialsOf,
  injectedVariables,
  isBypassed
} from './credentials.js'
import { isRequested, type RoleRequest } from './role-request.js'
import type { IdentityWebhookSettings } from './settings.js'

/** Whether the identity webhook gave a pod the identity of its service account. */
export type AdmittedIdentity =
  | {
      readonly state: 'present'
      readonly chain: 'irsa' | 'pod-identity'
      /** The role, if the pod shows it. A pod that uses EKS Pod Identity does not show its role. */
      readonly role: string | undefined
    }
  | {
      readonly state: 'absent'
      readonly because: string
      /** Whether the pod itself is the cause, so that a retry would not help. */
      readonly isFinal: boolean
    }

/** A pod as it was sent and as the API server admitted it, and what is known about its service account. */
export interface AdmissionInQuestion {
  readonly sent: Pod
  readonly admitted: Pod
  /** The role that the service account requests; undefined if it requests none. */
  readonly request: Fact<RoleRequest | undefined>
  readonly association: Fact<AssociationLookup>
  readonly settings: IdentityWebhookSettings
}

/**
 * Judges a pod that the API server has admitted: every container that was sent must have the credentials of
 * the service account, except those that set their own, which the identity webhook leaves unchanged. A
 * container that another webhook added is not judged. Never throws.
 */
export function admittedIdentityOf(question: AdmissionInQuestion): AdmittedIdentity {
  const { sent, admitted, settings } = question
  const before = new Map(sent.containers.map((container) => [container.name, container]))
  const judged = containersToMutate(admitted, settings).filter(({ name }) => before.has(name))
  if (judged.length === 0) {
    const because = isBypassed(admitted)
      ? `the label ${bypassLabel} makes the identity webhook skip the pod`
      : `the annotation ${settings.annotationNames['skip-containers']} makes the identity webhook skip every container`
    return { state: 'absent', because, isFinal: true }
  }

  const findings = judged.map((container) =>
    findingOf(container, { ...question, isOwn: setsOwn(before.get(container.name)) })
  )
  const own = findings.filter(({ isOwn }) => isOwn)
  // If the service account requests nothing, its pods get nothing from it, so only their own credentials count.
  const counted = own.length > 0 && asksForNothing(question) ? own : findings
  const fault = counted.find((finding) => 'lacks' in finding)
  const present = counted.filter((finding) => 'chain' in finding)
  const shown = present.find(({ isOwn }) => !isOwn) ?? present[0]
  if (fault !== undefined || shown === undefined)
    return { state: 'absent', because: fault?.lacks ?? nothing, isFinal: fault?.isOwn === true }

  return { state: 'present', chain: shown.chain, role: shown.role }
}

const nothing = 'no container got credentials'

const asksForNothing = ({ request, association }: AdmissionInQuestion): boolean =>
  request.state === 'known' &&
  request.value === undefined &&
  !(association.state === 'known' && association.value.exists)

/**
 * Whether a container sets one of the variables for credentials that the identity webhook injects in pairs.
 * The identity webhook then injects neither variable of that pair.
 */
export const setsOwn = (container: Container | undefined): boolean =>
  container !== undefined &&
  [...injectedVariables, ...agentVariables].some((name) => variableOf(container, name) !== undefined)

type Finding = { readonly isOwn: boolean } & (
  { readonly lacks: string } | { readonly chain: 'irsa' | 'pod-identity'; readonly role: string | undefined }
)

function findingOf(
  container: Container,
  { admitted, request, association, settings, isOwn }: AdmissionInQuestion & { readonly isOwn: boolean }
): Finding {
  const lacks = (what: string): Finding => ({ isOwn, lacks: `container ${quote(container.name)} ${what}` })
  const credentials = credentialsOf(admitted, container, settings)
  if (credentials.kind === 'none') return lacks('got no credentials')
  if (credentials.kind === 'incomplete') return lacks(credentials.lacks)
  if (credentials.kind === 'endpoint') {
    return credentials.isPodIdentity || isOwn
      ? { isOwn, chain: 'pod-identity', role: undefined }
      : lacks(`sets ${credentials.variable.name} to an endpoint that is not the EKS Pod Identity Agent's`)
  }

  const role = credentials.role.value
  const found: Finding = { isOwn, chain: 'irsa', role }
  if (isOwn || role === undefined) return found
  if (association.state === 'known' && association.value.exists)
    return lacks(`got role ${role} through IRSA, not the credentials of its EKS Pod Identity association`)
  if (parseRoleArn(role) === undefined) return lacks(`got ${quote(role)}, which is not the ARN of a role`)
  if (request.state === 'known' && request.value !== undefined && !isRequested(request.value, role))
    return lacks(`got role ${role}, not ${request.value.role}, which its service account requests`)

  return found
}
