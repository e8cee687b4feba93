import type { ReportedFinding } from '../report.js'
import { type Chain, chains, type Link } from './chain.js'

/** The chain that a rule is about; `either` stands for rules that judge both chains. */
type ChainName = 'irsa' | 'podIdentity' | 'either'

/** Where a rule's problem is; `none` says why no picture fits. */
type Place = readonly [ChainName, Link] | { readonly none: string }

const otherWebhooks: Place = { none: 'the webhook may have nothing to do with identities' }

/** The link of the chain that each rule is about. A test checks that no rule is missing. */
export const placeOfRule: Readonly<Record<string, Place>> = {
  'role-arn-malformed': ['irsa', 'annotation'],
  'role-arn-partition-mismatch': ['irsa', 'annotation'],
  'role-not-permitted-in-namespace': ['irsa', 'annotation'],
  'role-annotation-misspelt': ['irsa', 'annotation'],
  'annotation-not-a-string': ['irsa', 'annotation'],
  'companion-annotation-invalid': ['irsa', 'annotation'],
  'role-annotation-removed': ['irsa', 'annotation'],
  'role-on-default-service-account': ['irsa', 'service-account'],
  'role-annotation-missing': ['irsa', 'annotation'],
  'annotated-account-unused': ['irsa', 'pod'],
  'pod-identity-and-annotation': ['irsa', 'annotation'],
  'pod-identity-agent-missing': ['podIdentity', 'agent'],
  'namespace-setting-invalid': { none: 'the setting belongs to irsa-guard' },
  'pod-not-mutated': ['irsa', 'identity-webhook'],
  'pod-half-mutated': ['irsa', 'identity-webhook'],
  'pod-role-mismatch': ['irsa', 'identity-webhook'],
  'mutation-preempted': ['irsa', 'identity-webhook'],
  'mutation-skipped': ['irsa', 'identity-webhook'],
  'service-account-missing': ['irsa', 'service-account'],
  'role-annotation-misplaced': ['irsa', 'annotation'],
  'static-credentials-shadow-role': ['irsa', 'pod'],
  'pod-identity-shadows-irsa': ['irsa', 'annotation'],
  'token-audience-mismatch': ['irsa', 'token'],
  'windows-token-path': ['irsa', 'token'],
  'pod-identity-unsupported-node': ['podIdentity', 'agent'],
  'pod-identity-proxy': ['podIdentity', 'agent'],
  'pod-identity-pod-outdated': ['podIdentity', 'pod'],
  'role-missing': ['irsa', 'role'],
  'role-path-mismatch': ['irsa', 'role'],
  'oidc-provider-missing': ['irsa', 'provider'],
  'oidc-client-id-missing': ['irsa', 'provider'],
  'trust-policy-invalid': ['either', 'trust-policy'],
  'trust-explicit-deny': ['either', 'trust-policy'],
  'trust-action-missing': ['irsa', 'trust-policy'],
  'trust-provider-mismatch': ['irsa', 'trust-policy'],
  'trust-condition-key-malformed': ['irsa', 'trust-policy'],
  'trust-issuers-anded': ['irsa', 'trust-policy'],
  'trust-wildcard-literal': ['irsa', 'trust-policy'],
  'trust-subject-mismatch': ['irsa', 'trust-policy'],
  'trust-audience-mismatch': ['irsa', 'trust-policy'],
  'trust-condition-unmeetable': ['either', 'trust-policy'],
  'trust-depends-on-runtime': ['either', 'trust-policy'],
  'trust-subject-unchecked': ['irsa', 'trust-policy'],
  'trust-subject-too-broad': ['irsa', 'trust-policy'],
  'trust-audience-unchecked': ['irsa', 'trust-policy'],
  'trust-policy-near-limit': ['irsa', 'trust-policy'],
  'pod-identity-account-missing': ['podIdentity', 'service-account'],
  'pod-identity-role-missing': ['podIdentity', 'role'],
  'pod-identity-session-policy-invalid': ['podIdentity', 'association'],
  'pod-identity-principal-missing': ['podIdentity', 'trust-policy'],
  'pod-identity-action-missing': ['podIdentity', 'trust-policy'],
  'pod-identity-tag-mismatch': ['podIdentity', 'trust-policy'],
  'pod-identity-source-mismatch': ['podIdentity', 'trust-policy'],
  'pod-identity-target-untrusted': ['podIdentity', 'target-role'],
  'pod-identity-too-broad': ['podIdentity', 'trust-policy'],
  'ca-bundle-unusable': otherWebhooks,
  'ca-bundle-expired': otherWebhooks,
  'ca-bundle-untrusted': ['irsa', 'identity-webhook'],
  'ca-bundle-incomplete': ['irsa', 'identity-webhook'],
  'ca-bundle-expiring': otherWebhooks,
  'ca-bundle-holds-private-key': otherWebhooks,
  'ca-injection-broken': otherWebhooks,
  'identity-webhook-config-invalid': ['irsa', 'identity-webhook'],
  'identity-webhook-duplicated': ['irsa', 'identity-webhook'],
  'identity-webhook-misses-pods': ['irsa', 'identity-webhook'],
  'identity-webhook-missing': ['irsa', 'identity-webhook'],
  'identity-webhook-not-mutating': ['irsa', 'identity-webhook'],
  'identity-webhook-removed': ['irsa', 'identity-webhook'],
  'review-version-unsupported': ['irsa', 'identity-webhook'],
  'webhook-backend-missing': otherWebhooks
}

/** The links of the chain if a pod template sets the role's ARN and the token directly. */
const linksByHand: readonly Link[] = chains.byHand

/** The chain of a finding and the link that the finding is about; undefined if no picture fits. */
export function chainOf({ rule, object, field }: ReportedFinding): Chain | undefined {
  const place = placeOfRule[rule]
  if (place === undefined || 'none' in place) return undefined
  const [chain, at] = place
  const isAnnotated = field.includes('annotations')
  // For an `either` rule, any field that is not an annotation or part of a pod is about an association.
  const isInTemplate = /\b(?:containers|initContainers|volumes)\b/.test(field)
  if (chain === 'podIdentity' || (chain === 'either' && !isAnnotated && !isInTemplate))
    return { links: withTarget(at), at }
  if (isInTemplate && object.kind !== 'ServiceAccount' && isOfRole(at))
    return { links: chains.byHand, at: linksByHand.includes(at) ? at : 'pod' }

  return { links: chains.irsa, at }
}

/** Few associations have a target role, so the picture leaves it out unless the problem is there. */
const withTarget = (at: Link): readonly Link[] =>
  at === 'target-role' ? chains.podIdentity : chains.podIdentity.filter((link) => link !== 'target-role')

/** Whether rules about this link also judge a role that a template sets (verdict/own-identity.ts). */
const isOfRole = (link: Link): boolean =>
  link === 'annotation' || link === 'provider' || link === 'role' || link === 'trust-policy'
