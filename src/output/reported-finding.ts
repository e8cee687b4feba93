import type { Finding } from '../model/finding.js'
import type { Owner } from '../model/kubernetes-object.js'

/** The object that a finding is about, and where it was read. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  /** Left out if the object has no namespace. */
  readonly namespace?: string
  readonly name: string
  /** The object that controls this one, such as the ReplicaSet of a pod. */
  readonly owner?: Owner
  /** The file that contains the object, and the line of the finding; left out for an object in a cluster. */
  readonly file?: string
  readonly line?: number
  /** The kubeconfig context of the cluster; left out for an object in a file. */
  readonly cluster?: string
}

/** A finding in a report. */
export interface ReportedFinding extends Omit<Finding, 'cause'> {
  /** The ID of a cause in the report. */
  readonly cause: string
  /** Identifies the finding across runs: it stays the same when lines move or the message changes. */
  readonly fingerprint: string
  /** When the finding was first seen (RFC 3339), if that is known. */
  readonly since?: string
  readonly object: ObjectReference
}
