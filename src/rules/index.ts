import type { Rule } from './define-rule.js'
import { roleAnnotationRemoved } from './role-annotation-removed.js'
import { roleArnMalformed } from './role-arn-malformed.js'
import { roleArnPartitionMismatch } from './role-arn-partition-mismatch.js'
import { roleMissing } from './role-missing.js'
import { rolePathMismatch } from './role-path-mismatch.js'
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

/** All rules, in the order in which their findings are told: what the object itself says first, then what IAM says of the role, and last of its trust policy. */
export const rules: readonly Rule[] = [
  roleArnMalformed,
  roleArnPartitionMismatch,
  roleAnnotationRemoved,
  roleMissing,
  rolePathMismatch,
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
]
