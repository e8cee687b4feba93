import type { ClusterArn } from './cluster-arn.js'

/**
 * One certificate authority of an EKS cluster, as EKS describes it. A field is undefined if EKS leaves it out:
 * https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
 */
export interface CertificateAuthority {
  readonly id: string
  /** The certificate as EKS returns it: base64-encoded PEM or DER. */
  readonly data: string | undefined
  /** Whether the CA signs the certificates of the control plane. `activating`: EKS is switching to it. */
  readonly signing: 'not-used' | 'activating' | 'in-use'
  /** Whether AWS's own components trust the CA. */
  readonly distribution: 'in-progress' | 'complete' | 'failed' | 'deleting'
  readonly createdAt: Date | undefined
  /** When the CA last began to sign; undefined if it never did. */
  readonly activatedAt: Date | undefined
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
  /** When EKS activates the CA automatically. Only a successor has these dates. */
  readonly firstAutoActivation: Date | undefined
  readonly finalAutoActivation: Date | undefined
  /** Whether the previous CA can be activated again. */
  readonly rollbackAvailable: boolean | undefined
}

/**
 * What EKS says about the certificate authorities of one cluster. If the given ARN is mistyped, this can be a
 * different cluster than the one that irsa-guard checks.
 */
export interface EksAuthorities {
  readonly cluster: ClusterArn
  /** The cluster's OIDC issuer URL. */
  readonly issuer: string
  /** The CAs that the cluster's clients must trust, as base64-encoded PEM. */
  readonly bundle: string
  readonly authorities: readonly CertificateAuthority[]
}
