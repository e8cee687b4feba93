import type { Severity } from '../../model/finding.js'
import { type Html, html } from '../../text/html.js'

/** A link of the chain from a pod to its role. The names match the steps of a diagnosis. */
export type Link =
  | 'pod'
  | 'service-account'
  | 'annotation'
  | 'association'
  | 'identity-webhook'
  | 'token'
  | 'agent'
  | 'provider'
  | 'role'
  | 'trust-policy'
  | 'target-role'

/** A chain, and the link that a cause is about. */
export interface Chain {
  readonly links: readonly Link[]
  readonly at: Link
}

/** The links of IRSA, of IRSA without the identity webhook, and of EKS Pod Identity. */
export const chains = {
  irsa: [
    'pod',
    'service-account',
    'annotation',
    'identity-webhook',
    'token',
    'provider',
    'role',
    'trust-policy'
  ],
  byHand: ['pod', 'token', 'provider', 'role', 'trust-policy'],
  podIdentity: [
    'pod',
    'service-account',
    'association',
    'identity-webhook',
    'agent',
    'role',
    'trust-policy',
    'target-role'
  ]
} as const satisfies Record<string, readonly Link[]>

/** The name of each link in the picture, and in a sentence. */
const names = {
  pod: ['Pod', 'the pod'],
  'service-account': ['Service account', 'the service account'],
  annotation: ['Annotation', 'the annotation'],
  association: ['Association', 'the association'],
  'identity-webhook': ['Identity webhook', 'the identity webhook'],
  token: ['Token', 'the token'],
  agent: ['Pod Identity Agent', 'the EKS Pod Identity Agent'],
  provider: ['OIDC provider', 'the OIDC provider'],
  role: ['Role', 'the role'],
  'trust-policy': ['Trust policy', 'the trust policy'],
  'target-role': ['Target role', 'the target role']
} as const satisfies Record<Link, readonly [title: string, phrase: string]>

/**
 * The chain as a picture. The link that a cause is about is marked. An error breaks the chain, so later links
 * are not reached.
 */
export function chainHtml({ links, at }: Chain, severity: Severity): Html {
  const broken = links.indexOf(at)
  const stateOf = (index: number): 'before' | 'here' | 'after' =>
    index === broken ? 'here' : index > broken && severity === 'error' ? 'after' : 'before'
  const spoken = {
    before: undefined,
    here: html`<span class="spoken">: ${severity === 'error' ? 'broken here' : 'the problem is here'}</span>`,
    after: html`<span class="spoken">: not reached</span>`
  }
  const verb = severity === 'error' ? 'The chain breaks at' : 'The problem is at'

  return html`<figure class="chain ${severity}">
    <ol role="list">
      ${links.map((link, index) => html`<li class="${stateOf(index)}">${index === broken ? markHtml(severity) : undefined}<span class="link">${names[link][0]}${spoken[stateOf(index)]}</span></li>`)}
    </ol>
    <figcaption>
      ${verb} <strong>${names[at][1]}</strong>
      <span class="muted">(link ${broken + 1} of ${links.length})</span>
    </figcaption>
  </figure>`
}

/** The style sheet draws the other dots, because a report can have thousands of chains. */
const markHtml = (severity: Severity): Html =>
  html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
    <circle cx="12" cy="12" r="11" />
    <path d="${severity === 'error' ? 'M8 8l8 8M16 8l-8 8' : 'M12 6v7M12 17.4v.2'}" />
  </svg>`
