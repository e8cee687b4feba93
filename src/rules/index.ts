import { annotatedAccountUnused } from './annotated-account-unused.js'
import { annotationNotAString } from './annotation-not-a-string.js'
import { caBundleExpired } from './ca-bundle-expired.js'
import { caBundleExpiring } from './ca-bundle-expiring.js'
import { caBundleHoldsPrivateKey } from './ca-bundle-holds-private-key.js'
import { caBundleIncomplete } from './ca-bundle-incomplete.js'
import { caBundleUntrusted } from './ca-bundle-untrusted.js'
import { caBundleUnusable } from './ca-bundle-unusable.js'
import { caInjectionBroken } from './ca-injection-broken.js'
import { companionAnnotationInvalid } from './companion-annotation-invalid.js'
import type { Rule } from './define-rule.js'
import { identityWebhookConfigInvalid } from './identity-webhook-config-invalid.js'
import { identityWebhookDuplicated } from './identity-webhook-duplicated.js'
import { identityWebhookMissesPods } from './identity-webhook-misses-pods.js'
import { identityWebhookMissing } from './identity-webhook-missing.js'
import { identityWebhookNotMutating } from './identity-webhook-not-mutating.js'
import { identityWebhookRemoved } from './identity-webhook-removed.js'
import { mutationPreempted } from './mutation-preempted.js'
import { mutationSkipped } from './mutation-skipped.js'
import { namespaceSettingInvalid } from './namespace-setting-invalid.js'
import { oidcClientIdMissing } from './oidc-client-id-missing.js'
import { oidcProviderMissing } from './oidc-provider-missing.js'
import { podHalfMutated } from './pod-half-mutated.js'
import { podIdentityAccountMissing } from './pod-identity-account-missing.js'
import { podIdentityActionMissing } from './pod-identity-action-missing.js'
import { podIdentityAgentMissing } from './pod-identity-agent-missing.js'
import { podIdentityAndAnnotation } from './pod-identity-and-annotation.js'
import { podIdentityPodOutdated } from './pod-identity-pod-outdated.js'
import { podIdentityPrincipalMissing } from './pod-identity-principal-missing.js'
import { podIdentityProxy } from './pod-identity-proxy.js'
import { podIdentityRoleMissing } from './pod-identity-role-missing.js'
import { podIdentitySessionPolicyInvalid } from './pod-identity-session-policy-invalid.js'
import { podIdentityShadowsIrsa } from './pod-identity-shadows-irsa.js'
import { podIdentitySourceMismatch } from './pod-identity-source-mismatch.js'
import { podIdentityTagMismatch } from './pod-identity-tag-mismatch.js'
import { podIdentityTargetUntrusted } from './pod-identity-target-untrusted.js'
import { podIdentityTooBroad } from './pod-identity-too-broad.js'
import { podIdentityUnsupportedNode } from './pod-identity-unsupported-node.js'
import { podNotMutated } from './pod-not-mutated.js'
import { podRoleMismatch } from './pod-role-mismatch.js'
import { reviewVersionUnsupported } from './review-version-unsupported.js'
import { roleAnnotationMisplaced } from './role-annotation-misplaced.js'
import { roleAnnotationMissing } from './role-annotation-missing.js'
import { roleAnnotationMisspelt } from './role-annotation-misspelt.js'
import { roleAnnotationRemoved } from './role-annotation-removed.js'
import { roleArnMalformed } from './role-arn-malformed.js'
import { roleArnPartitionMismatch } from './role-arn-partition-mismatch.js'
import { roleMissing } from './role-missing.js'
import { roleNotPermittedInNamespace } from './role-not-permitted-in-namespace.js'
import { roleOnDefaultServiceAccount } from './role-on-default-service-account.js'
import { rolePathMismatch } from './role-path-mismatch.js'
import { serviceAccountMissing } from './service-account-missing.js'
import { staticCredentialsShadowRole } from './static-credentials-shadow-role.js'
import { tokenAudienceMismatch } from './token-audience-mismatch.js'
import { trustActionMissing } from './trust-action-missing.js'
import { trustAudienceMismatch } from './trust-audience-mismatch.js'
import { trustAudienceUnchecked } from './trust-audience-unchecked.js'
import { trustConditionKeyMalformed } from './trust-condition-key-malformed.js'
import { trustConditionUnmeetable } from './trust-condition-unmeetable.js'
import { trustDependsOnRuntime } from './trust-depends-on-runtime.js'
import { trustExplicitDeny } from './trust-explicit-deny.js'
import { trustIssuersAnded } from './trust-issuers-anded.js'
import { trustPolicyInvalid } from './trust-policy-invalid.js'
import { trustPolicyNearLimit } from './trust-policy-near-limit.js'
import { trustProviderMismatch } from './trust-provider-mismatch.js'
import { trustSubjectMismatch } from './trust-subject-mismatch.js'
import { trustSubjectTooBroad } from './trust-subject-too-broad.js'
import { trustSubjectUnchecked } from './trust-subject-unchecked.js'
import { trustWildcardLiteral } from './trust-wildcard-literal.js'
import { webhookBackendMissing } from './webhook-backend-missing.js'
import { windowsTokenPath } from './windows-token-path.js'

/** Rules about service accounts. */
const serviceAccountRules = [
  roleArnMalformed,
  roleArnPartitionMismatch,
  roleNotPermittedInNamespace,
  roleAnnotationMisspelt,
  annotationNotAString,
  companionAnnotationInvalid,
  roleAnnotationRemoved,
  roleOnDefaultServiceAccount,
  roleAnnotationMissing,
  annotatedAccountUnused,
  podIdentityAndAnnotation,
  podIdentityAgentMissing
] satisfies readonly Rule[]

/** Rules about namespaces. */
const namespaceRules = [namespaceSettingInvalid] satisfies readonly Rule[]

/** Rules about pods and everything with a pod template. */
const podRules = [
  podNotMutated,
  podHalfMutated,
  podRoleMismatch,
  mutationPreempted,
  mutationSkipped,
  serviceAccountMissing,
  roleAnnotationMisplaced,
  staticCredentialsShadowRole,
  podIdentityShadowsIrsa,
  tokenAudienceMismatch,
  windowsTokenPath,
  podIdentityUnsupportedNode,
  podIdentityProxy,
  podIdentityPodOutdated
] satisfies readonly Rule[]

/** Rules about roles and OIDC providers in IAM. */
const iamRules = [
  roleMissing,
  rolePathMismatch,
  oidcProviderMissing,
  oidcClientIdMissing
] satisfies readonly Rule[]

/**
 * The facts that {@link trustRules} and {@link podIdentityTrustRules} may need. None of them requires access
 * to a cluster.
 */
export type TrustNeed = 'trust' | 'issuer' | 'identityWebhook' | PodIdentityNeed
type PodIdentityNeed = 'podIdentityTrust' | 'targetTrust'

/** Rules about a role's trust policy. They also run without a cluster: see `evaluateTrust`. */
export const trustRules = [
  trustPolicyInvalid,
  trustExplicitDeny,
  trustActionMissing,
  trustProviderMismatch,
  trustConditionKeyMalformed,
  trustIssuersAnded,
  trustWildcardLiteral,
  trustSubjectMismatch,
  trustAudienceMismatch,
  trustConditionUnmeetable,
  trustDependsOnRuntime,
  trustSubjectUnchecked,
  trustSubjectTooBroad,
  trustAudienceUnchecked,
  trustPolicyNearLimit
] satisfies readonly Rule<TrustNeed>[]

/** Rules about EKS Pod Identity associations themselves. */
const associationRules = [
  podIdentityAccountMissing,
  podIdentityRoleMissing,
  podIdentitySessionPolicyInvalid
] satisfies readonly Rule[]

/** Rules about the trust policies of an EKS Pod Identity association's roles. */
const podIdentityRules = [
  podIdentityPrincipalMissing,
  podIdentityActionMissing,
  podIdentityTagMismatch,
  podIdentitySourceMismatch,
  podIdentityTargetUntrusted,
  podIdentityTooBroad
] satisfies readonly Rule<PodIdentityNeed>[]

/** The rules that judge the trust policy of an association's role. They also run without a cluster. */
export const podIdentityTrustRules = [
  trustPolicyInvalid,
  trustExplicitDeny,
  trustConditionUnmeetable,
  trustDependsOnRuntime,
  ...podIdentityRules
] satisfies readonly Rule<TrustNeed>[]

/** Rules about a role, set by an annotation or a pod template, and about the tokens used to assume it. */
export const webIdentityRules: readonly Rule[] = [
  roleArnMalformed,
  roleArnPartitionMismatch,
  ...iamRules,
  ...trustRules
]

/** The facts that {@link bundleRules} may need. */
export type BundleNeed = 'clusterCa' | 'now'

/** Rules about the `caBundle` of a webhook. They also run without a cluster: see `predictTls`. */
export const bundleRules = [
  caBundleUnusable,
  caBundleExpired,
  caBundleUntrusted,
  caBundleIncomplete,
  caBundleExpiring,
  caBundleHoldsPrivateKey
] satisfies readonly Rule<BundleNeed>[]

/** Rules about the identity webhook, and about webhook configurations except for their bundles. */
const webhookRules = [
  caInjectionBroken,
  identityWebhookConfigInvalid,
  identityWebhookDuplicated,
  identityWebhookMissesPods,
  identityWebhookMissing,
  identityWebhookNotMutating,
  identityWebhookRemoved,
  reviewVersionUnsupported,
  webhookBackendMissing
] satisfies readonly Rule[]

/** The groups of rules with their titles, in the order in which findings are reported. */
export const ruleGroups: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: 'Service accounts', rules: serviceAccountRules },
  { title: 'Namespaces', rules: namespaceRules },
  { title: 'Pods and workloads', rules: podRules },
  { title: 'IAM roles and OIDC providers', rules: iamRules },
  { title: 'Trust policies', rules: trustRules },
  { title: 'EKS Pod Identity', rules: [...associationRules, ...podIdentityRules] },
  { title: 'CA bundles', rules: bundleRules },
  { title: 'Webhook configurations', rules: webhookRules }
]

/** All rules. */
export const rules: readonly Rule[] = ruleGroups.flatMap((group) => group.rules)
