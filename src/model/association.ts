/**
 * An EKS Pod Identity association, which gives the pods of one service account in one cluster a role:
 * https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html
 */
export interface Association {
  /**
   * Empty if the object only references a cluster, or if its tool computes the name. The same applies to the
   * next two fields.
   */
  readonly clusterName: string
  readonly namespace: string
  readonly serviceAccount: string
  /** A role in the cluster's account; undefined if the object does not contain the ARN literally. */
  readonly roleArn: string | undefined
  /** A second role, in any account, which the first one assumes. */
  readonly targetRoleArn?: string | undefined
  /** The external ID that EKS passes to the target role; undefined if it is not known. */
  readonly externalId?: string | undefined
  readonly disableSessionTags: boolean
  /** The session policy, as JSON text. */
  readonly policy?: string | undefined
  /** The add-on that owns the association. */
  readonly ownerArn?: string | undefined
  readonly modifiedAt?: Date | undefined
  /**
   * Set if one of the given objects describes the association, but it was looked up for another object: the
   * service account or a pod. Rules about the association itself then report only on the object that
   * describes it.
   */
  readonly fromObject?: true
}

/** What is known about an association's cluster, besides its name. */
export interface ClusterPlace {
  readonly partition?: string | undefined
  readonly region?: string | undefined
  readonly account?: string | undefined
}

/**
 * Whether a service account has an association. `since` is the earliest time at which it is known to have
 * existed; undefined if it comes from a file. `ownerArn` is the add-on that owns it.
 */
export type AssociationLookup =
  | { readonly exists: false }
  | { readonly exists: true; readonly since: Date | undefined; readonly ownerArn?: string | undefined }
