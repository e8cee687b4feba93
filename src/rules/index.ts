import { caBundleExpired } from './ca-bundle-expired.js'
import { caBundleExpiring } from './ca-bundle-expiring.js'
import { caBundleHoldsPrivateKey } from './ca-bundle-holds-private-key.js'
import { caBundleIncomplete } from './ca-bundle-incomplete.js'
import { caBundleUntrusted } from './ca-bundle-untrusted.js'
import { caBundleUnusable } from './ca-bundle-unusable.js'
import type { Rule } from './define-rule.js'
import { oidcClientIdMissing } from './oidc-client-id-missing.js'
import { oidcProviderMissing } from './oidc-provider-missing.js'
import { roleAnnotationRemoved } from './role-annotation-removed.js'
import { roleArnMalformed } from './role-arn-malformed.js'
import { roleArnPartitionMismatch } from './role-arn-partition-mismatch.js'
import { roleMissing } from './role-missing.js'
import { rolePathMismatch } from './role-path-mismatch.js'

/** All rules, in the order in which their findings are told: what the object itself says first, then what IAM says. */
export const rules: readonly Rule[] = [
  roleArnMalformed,
  roleArnPartitionMismatch,
  roleAnnotationRemoved,
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
