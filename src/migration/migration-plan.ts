import type { AssociationTool } from './association-text.js'

/** How the service accounts of a cluster move from IRSA to EKS Pod Identity. Plain data. */
export interface MigrationPlan {
  readonly cluster: string
  readonly tool: AssociationTool
  /** What to do once for the cluster, before anything else. */
  readonly steps: readonly MigrationStep[]
  readonly notes: readonly string[]
  readonly accounts: readonly AccountPlan[]
}

export interface AccountPlan {
  readonly namespace: string
  readonly name: string
  /** The role that its annotation names, as written. */
  readonly role: string
  /** `moved`: its pods use EKS Pod Identity, and only the annotation is left. */
  readonly state: 'can-move' | 'cannot-move' | 'moved' | 'unknown'
  /** Why it cannot move, or why it is unknown whether it can. */
  readonly because: readonly Reason[]
  /** What is left to do, in order. Empty if it cannot move. */
  readonly steps: readonly MigrationStep[]
  readonly notes: readonly string[]
}

/** Why a service account cannot move, or why it is unknown whether it can. */
export interface Reason {
  /** The rule that found the problem. */
  readonly rule?: string
  readonly message: string
  readonly fix?: string
  /** The workloads and pods with the problem, such as `deployment shop/cart`. */
  readonly objects?: readonly string[]
}

export interface MigrationStep {
  readonly step: 'agent' | 'trust-policy' | 'association' | 'new-pods' | 'check' | 'annotation'
  readonly message: string
  /** For a POSIX shell. */
  readonly commands: readonly string[]
  /** The trust policy of the role, now and after the step. */
  readonly before?: unknown
  readonly document?: object
  /** The association, in the format of the chosen tool. */
  readonly manifest?: string
}

/** A service account cannot move, or it is not known whether it can. */
export interface Blocked {
  readonly state: 'cannot-move' | 'unknown'
  readonly because: readonly Reason[]
}

export const cannotMove = (...because: readonly Reason[]): Blocked => ({ state: 'cannot-move', because })
export const unknownWhether = (...messages: readonly string[]): Blocked => ({
  state: 'unknown',
  because: [...new Set(messages)].map((message) => ({ message }))
})
