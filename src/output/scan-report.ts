import type { Report, ReportedFinding } from './report.js'

/** A report about whole clusters. */
export interface ScanReport extends Report {
  readonly clusters: readonly ClusterSummary[]
  /** How the findings differ from those of an earlier report. */
  readonly baseline?: Comparison
  /** Roles and service accounts that nothing uses; left out without `--unused`. */
  readonly unused?: Unused
}

/** A cluster that was read. */
export interface ClusterSummary {
  /** The kubeconfig context; left out for files. */
  readonly name?: string
  /** The version of Kubernetes, such as `1.35`. */
  readonly version?: string
  readonly serviceAccounts: number
  /** Service accounts that get a role through IRSA. */
  readonly irsa: number
  /** Service accounts with an EKS Pod Identity association; left out if that is not known. */
  readonly podIdentity?: number
  readonly pods: number
}

/** The differences from an earlier report. */
export interface Comparison {
  /** The fingerprints of the findings that the earlier report does not have. */
  readonly new: readonly string[]
  /**
   * The findings of the earlier report that are gone. Left out if this report may not cover all objects of
   * the earlier one.
   */
  readonly gone?: readonly Pick<ReportedFinding, 'rule' | 'severity' | 'message' | 'fingerprint' | 'object'>[]
}

/** The service accounts and roles that are not used. */
export interface Unused {
  /**
   * Service accounts that have a role but that no workload or pod uses; left out if not all workloads and
   * pods could be read.
   */
  readonly serviceAccounts?: readonly {
    readonly cluster?: string
    readonly namespace: string
    readonly name: string
    readonly role: string
  }[]
  /** Roles that no service account can use; left out if no roles could be listed. */
  readonly roles?: readonly {
    readonly cluster?: string
    readonly arn: string
    /** Subjects, such as `system:serviceaccount:shop:cart`, and `pods.eks.amazonaws.com`. */
    readonly trusts: readonly string[]
  }[]
  /** Roles for which it is unknown whether a service account can use them. */
  readonly undetermined?: readonly {
    readonly cluster?: string
    readonly arn: string
    readonly because: string
  }[]
  /** Why roles are missing from both lists. */
  readonly unread?: readonly { readonly cluster?: string; readonly because: string }[]
}
