import { annotatedAccountUnused } from './annotated-account-unused.js'
import { caBundleExpired } from './ca-bundle-expired.js'
import { caBundleExpiring } from './ca-bundle-expiring.js'
import { caBundleHoldsPrivateKey } from './ca-bundle-holds-private-key.js'
import { caBundleIncomplete } from './ca-bundle-incomplete.js'
import { caBundleUntrusted } from './ca-bundle-untrusted.js'
import { caBundleUnusable } from './ca-bundle-unusable.js'
import { caInjectionBroken } from './ca-injection-broken.js'
import { companionAnnotationInvalid } from './companion-annotation-invalid.js'
import type { Rule } from './define-rule.js'
import { identityWebhookDuplicated } from './identity-webhook-duplicated.js'
import { identityWebhookMissesPods } from './identity-webhook-misses-pods.js'
import { identityWebhookMissing } from './identity-webhook-missing.js'
import { identityWebhookNotMutating } from './identity-webhook-not-mutating.js'
import { identityWebhookRemoved } from './identity-webhook-removed.js'
import { mutationPreempted } from './mutation-preempted.js'
import { mutationSkipped } from './mutation-skipped.js'
import { oidcClientIdMissing } from './oidc-client-id-missing.js'
import { oidcProviderMissing } from './oidc-provider-missing.js'
import { podHalfMutated } from './pod-half-mutated.js'
import { podIdentityShadowsIrsa } from './pod-identity-shadows-irsa.js'
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

/**
 * All rules, in the order in which their findings are told: what the object itself says first, then what IAM
 * says of the role, and last its trust policy.
 */
export const rules: readonly Rule[] = [
  roleArnMalformed,
  roleArnPartitionMismatch,
  roleNotPermittedInNamespace,
  roleAnnotationMisspelt,
  companionAnnotationInvalid,
  roleAnnotationRemoved,
  roleOnDefaultServiceAccount,
  roleAnnotationMissing,
  annotatedAccountUnused,
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
  roleMissing,
  rolePathMismatch,
  oidcProviderMissing,
  oidcClientIdMissing,
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
  trustPolicyNearLimit,
  caBundleUnusable,
  caBundleExpired,
  caBundleUntrusted,
  caBundleIncomplete,
  caBundleExpiring,
  caBundleHoldsPrivateKey,
  caInjectionBroken,
  identityWebhookDuplicated,
  identityWebhookMissesPods,
  identityWebhookMissing,
  identityWebhookNotMutating,
  identityWebhookRemoved,
  reviewVersionUnsupported,
  webhookBackendMissing
]
