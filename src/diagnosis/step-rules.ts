import type { Finding } from '../model/finding.js'
import type { StepName } from './diagnosis.js'

/**
 * What a rule's finding means for its step. `severity`: an error breaks the step, a warning is a remark.
 * `breaks`: a warning breaks the step, too, because the diagnosis assumes that the pod should get its role.
 * `explains`: the finding is the reason if the step turns out to be broken, otherwise a remark. `doubt`: the
 * step is unknown. `remark`: the finding never breaks the step.
 */
type Weight = 'severity' | 'breaks' | 'explains' | 'doubt' | 'remark'

/** The step of each rule that judges service accounts, pods, workloads and webhook configurations. */
export const stepOfRule: Readonly<Record<string, readonly [StepName, Weight]>> = {
  'service-account-missing': ['service-account', 'breaks'],
  'role-on-default-service-account': ['service-account', 'remark'],
  'annotated-account-unused': ['service-account', 'remark'],
  'namespace-setting-invalid': ['service-account', 'remark'],

  'role-arn-malformed': ['annotation', 'severity'],
  'role-arn-partition-mismatch': ['annotation', 'severity'],
  'role-not-permitted-in-namespace': ['annotation', 'severity'],
  'annotation-not-a-string': ['annotation', 'severity'],
  'role-annotation-misspelt': ['annotation', 'explains'],
  'role-annotation-misplaced': ['annotation', 'explains'],
  'role-annotation-missing': ['annotation', 'explains'],
  'role-annotation-removed': ['annotation', 'remark'],

  'pod-identity-and-annotation': ['association', 'remark'],
  'pod-identity-account-missing': ['association', 'remark'],
  'pod-identity-session-policy-invalid': ['association', 'severity'],

  'identity-webhook-missing': ['identity-webhook', 'severity'],
  'identity-webhook-misses-pods': ['identity-webhook', 'explains'],
  'identity-webhook-duplicated': ['identity-webhook', 'remark'],
  'identity-webhook-removed': ['identity-webhook', 'remark'],
  'identity-webhook-not-mutating': ['identity-webhook', 'severity'],
  'identity-webhook-config-invalid': ['identity-webhook', 'severity'],
  'review-version-unsupported': ['identity-webhook', 'explains'],
  'webhook-backend-missing': ['identity-webhook', 'explains'],
  'ca-injection-broken': ['identity-webhook', 'explains'],
  'ca-bundle-unusable': ['identity-webhook', 'severity'],
  'ca-bundle-expired': ['identity-webhook', 'severity'],
  'ca-bundle-untrusted': ['identity-webhook', 'severity'],
  'ca-bundle-incomplete': ['identity-webhook', 'remark'],
  'ca-bundle-expiring': ['identity-webhook', 'remark'],
  'ca-bundle-holds-private-key': ['identity-webhook', 'remark'],

  'pod-not-mutated': ['containers', 'severity'],
  'pod-half-mutated': ['containers', 'severity'],
  'pod-role-mismatch': ['containers', 'severity'],
  'mutation-skipped': ['containers', 'breaks'],
  'mutation-preempted': ['containers', 'explains'],
  'static-credentials-shadow-role': ['containers', 'explains'],
  'pod-identity-proxy': ['containers', 'breaks'],
  'pod-identity-shadows-irsa': ['containers', 'remark'],
  'pod-identity-pod-outdated': ['containers', 'remark'],

  'token-audience-mismatch': ['token', 'breaks'],
  'windows-token-path': ['token', 'breaks'],
  'companion-annotation-invalid': ['token', 'remark'],

  'pod-identity-agent-missing': ['agent', 'breaks'],
  'pod-identity-unsupported-node': ['agent', 'breaks'],

  'oidc-provider-missing': ['provider', 'severity'],
  'oidc-client-id-missing': ['provider', 'severity'],

  'role-missing': ['role', 'severity'],
  'role-path-mismatch': ['role', 'severity'],
  'pod-identity-role-missing': ['role', 'severity'],

  'trust-policy-invalid': ['trust-policy', 'severity'],
  'trust-explicit-deny': ['trust-policy', 'severity'],
  'trust-action-missing': ['trust-policy', 'severity'],
  'trust-provider-mismatch': ['trust-policy', 'severity'],
  'trust-condition-key-malformed': ['trust-policy', 'severity'],
  'trust-issuers-anded': ['trust-policy', 'severity'],
  'trust-wildcard-literal': ['trust-policy', 'severity'],
  'trust-subject-mismatch': ['trust-policy', 'severity'],
  'trust-audience-mismatch': ['trust-policy', 'severity'],
  'trust-condition-unmeetable': ['trust-policy', 'severity'],
  'trust-depends-on-runtime': ['trust-policy', 'doubt'],
  'trust-subject-unchecked': ['trust-policy', 'remark'],
  'trust-subject-too-broad': ['trust-policy', 'remark'],
  'trust-audience-unchecked': ['trust-policy', 'remark'],
  'trust-policy-near-limit': ['trust-policy', 'remark'],
  'pod-identity-principal-missing': ['trust-policy', 'severity'],
  'pod-identity-action-missing': ['trust-policy', 'severity'],
  'pod-identity-tag-mismatch': ['trust-policy', 'severity'],
  'pod-identity-source-mismatch': ['trust-policy', 'severity'],
  'pod-identity-too-broad': ['trust-policy', 'remark'],
  'pod-identity-target-untrusted': ['target-role', 'severity']
}

/** The findings about one step, grouped by what they mean for it. */
export interface Told {
  readonly wrong: readonly Finding[]
  /** Findings that explain the step if it turns out to be broken. */
  readonly explaining: readonly Finding[]
  readonly doubts: readonly Finding[]
  readonly remarks: readonly Finding[]
}

/** Assigns findings to steps. No rule is applied again here. */
export function toldOf(findings: readonly Finding[]): (step: StepName) => Told {
  const byStep = Map.groupBy(findings, stepOf)

  return (step) => {
    const found = byStep.get(step) ?? []
    const only = (...kinds: readonly Kind[]): Finding[] =>
      found.filter((finding) => kinds.includes(kindOf(finding)))

    return {
      wrong: only('wrong'),
      explaining: only('explaining'),
      doubts: only('doubt'),
      remarks: only('remark')
    }
  }
}

type Kind = 'wrong' | 'explaining' | 'doubt' | 'remark'

function stepOf({ rule, field, message }: Finding): StepName | undefined {
  // The first rule judges both roles of an association, and the second one the trust policies of both.
  if (rule === 'pod-identity-role-missing' && message.startsWith('target role ')) return 'target-role'
  if (rule === 'pod-identity-too-broad' && field.endsWith('targetRoleArn')) return 'target-role'

  return stepOfRule[rule]?.[0]
}

function kindOf({ rule, severity, waived, message }: Finding): Kind {
  const weight = stepOfRule[rule]?.[1]
  if (waived !== undefined || severity === 'info') return 'remark'
  if (weight === 'explains') return 'explaining'
  if (weight === 'doubt') return severity === 'error' ? 'wrong' : 'doubt'
  if (weight === 'breaks') return 'wrong'
  if (weight === 'severity') return severity === 'error' ? 'wrong' : 'remark'

  // An empty audience annotation is the only companion annotation that breaks the token.
  return rule === 'companion-annotation-invalid' && message.includes('which STS rejects') ? 'wrong' : 'remark'
}
