import { caBundleExpired } from './ca-bundle-expired.js'
import { caBundleExpiring } from './ca-bundle-expiring.js'
import { caBundleHoldsPrivateKey } from './ca-bundle-holds-private-key.js'
import { caBundleIncomplete } from './ca-bundle-incomplete.js'
import { caBundleUntrusted } from './ca-bundle-untrusted.js'
import { caBundleUnusable } from './ca-bundle-unusable.js'
import type { Rule } from './define-rule.js'
import { oidcClientIdMissing } from './oidc-client-id-missing.js'
import { oidcProviderMissing } from './oidc-provider-missing.js'
import { annotatedAccountUnused } from './annotated-account-unused.js'
import { companionAnnotationInvalid } from './companion-annotation-invalid.js'
import { mutationPreempted } from './mutation-preempted.js'
import { mutationSkipped } from './mutation-skipped.js'
import { podHalfMutated } from './pod-half-mutated.js'
import { podIdentityShadowsIrsa } from './pod-identity-shadows-irsa.js'
import { podNotMutated } from './pod-not-mutated.js'
import { podRoleMismatch } from './pod-role-mismatch.js'
import { roleAnnotationMisplaced } from './role-annotation-misplaced.js'
import { roleAnnotationMissing } from './role-annotation-missing.js'
import { roleAnnotationMisspelt } from './role-annotation-misspelt.js'
import { roleAnnotationRemoved } from './role-annotation-removed.js'
import { roleArnMalformed } from './role-arn-malformed.js'
import { roleArnPartitionMismatch } from './role-arn-partition-mismatch.js'
import { roleMissing } from './role-missing.js'
import { roleOnDefaultServiceAccount } from './role-on-default-service-account.js'
import { rolePathMismatch } from './role-path-mismatch.js'
import { serviceAccountMissing } from './service-account-missing.js'
import { staticCredentialsShadowRole } from './static-credentials-shadow-role.js'
import { tokenAudienceMismatch } from './token-audience-mismatch.js'
import { windowsTokenPath } from './windows-token-path.js'

/** All rules, in the order in which their findings are told: what the object itself says first, then what IAM says. */
export const rules: readonly Rule[] = [
  roleArnMalformed,
  roleArnPartitionMismatch,
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
  caBundleUnusable,
  caBundleExpired,
  caBundleUntrusted,
  caBundleIncomplete,
  caBundleExpiring,
  caBundleHoldsPrivateKey
]
