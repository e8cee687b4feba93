import { type Certificate, isSelfIssued } from './certificate.js'

/** The bytes of 2.5.29.32.0, anyPolicy, in latin1. */
const anyPolicy = '\u0055\u001d\u0020\u0000'

/** A policy in the graph of RFC 9618. `expected` lists the policies that can replace it in the next certificate. */
interface Node {
  readonly policy: string
  expected: readonly string[]
  readonly parents: Set<Node>
  readonly children: Set<Node>
}

/** The nodes at one depth, by policy. */
type Stratum = Map<string, Node>

/**
 * Validates the certificate policies of a chain (leaf first, anchor last) for a client that accepts any
 * policy: RFC 5280, section 6.1, as updated by RFC 9618. Go has checked this since 1.24. The check can
 * fail only if a certificate in the chain requires an explicit policy, or maps to or from `anyPolicy`.
 */
export function hasValidPolicies(chain: readonly Certificate[]): boolean {
  const count = chain.length - 1 // without the trust anchor, which is not checked
  const [leaf] = chain
  if (count === 0 || leaf === undefined) return true

  let graph: Stratum[] | undefined = [new Map([[anyPolicy, nodeOf(anyPolicy, [])]])]
  let explicitPolicy = count + 1
  let policyMapping = count + 1
  let inhibitAny = count + 1

  for (let index = count - 1; index >= 0; index--) {
    const certificate = chain[index] ?? leaf
    const selfIssued = isSelfIssued(certificate)
    if (certificate.policies.length === 0) graph = undefined
    if (explicitPolicy === 0 && graph === undefined) return false

    if (graph !== undefined) {
      addStratum(graph, certificate, inhibitAny > 0 || (index > 0 && selfIssued))
      prune(graph)
      if (index > 0 && !applyMappings(graph, certificate, policyMapping > 0)) return false
    }
    if (index === 0) break

    const step = selfIssued ? 0 : 1
    explicitPolicy = lowered(explicitPolicy - step, certificate.requireExplicitPolicy)
    policyMapping = lowered(policyMapping - step, certificate.inhibitPolicyMapping)
    inhibitAny = lowered(inhibitAny - step, certificate.inhibitAnyPolicy)
  }
  const isRequired = explicitPolicy <= 1 || leaf.requireExplicitPolicy === 0n

  return !isRequired || (graph !== undefined && hasPolicyLeft(graph))
}

/** Counters stop at zero, and a certificate can only lower them. Negative values have no effect. */
function lowered(counter: number, limit: bigint | undefined): number {
  const current = Math.max(counter, 0)

  return limit !== undefined && limit >= 0n && limit < BigInt(current) ? Number(limit) : current
}

function nodeOf(policy: string, parents: Iterable<Node>): Node {
  const node: Node = { policy, expected: [policy], parents: new Set(parents), children: new Set() }
  for (const parent of node.parents) parent.children.add(node)

  return node
}

function addStratum(graph: Stratum[], { policies }: Certificate, anyCounts: boolean): void {
  const above = graph.at(-1) ?? new Map<string, Node>()
  const byExpected = new Map<string, Node[]>()
  for (const node of above.values()) {
    for (const policy of node.expected) {
      const parents = byExpected.get(policy) ?? []
      parents.push(node)
      byExpected.set(policy, parents)
    }
  }

  const stratum: Stratum = new Map()
  const anyParent = above.get(anyPolicy)
  for (const policy of policies) {
    if (policy === anyPolicy) continue
    const parents = byExpected.get(policy) ?? (anyParent === undefined ? [] : [anyParent])
    if (parents.length > 0) stratum.set(policy, nodeOf(policy, parents))
  }
  if (policies.includes(anyPolicy) && anyCounts) {
    for (const [policy, parents] of byExpected)
      if (!stratum.has(policy)) stratum.set(policy, nodeOf(policy, parents))
  }
  graph.push(stratum)
}

function prune(graph: readonly Stratum[]): void {
  for (let depth = graph.length - 2; depth > 0; depth--) {
    for (const node of graph[depth]?.values() ?? []) {
      if (node.children.size > 0) continue
      for (const parent of node.parents) parent.children.delete(node)
      graph[depth]?.delete(node.policy)
    }
  }
}

/** Applies the policy mappings of a CA; false if a mapping contains anyPolicy, which is invalid. */
function applyMappings(graph: Stratum[], { policyMappings }: Certificate, allowed: boolean): boolean {
  const leaves = graph.at(-1) ?? new Map<string, Node>()
  if (policyMappings.length === 0) return true

  const targets = new Map<string, string[]>()
  for (const { issuer, subject } of policyMappings) {
    if (allowed) {
      if (issuer === anyPolicy || subject === anyPolicy) return false
      const list = targets.get(issuer) ?? []
      list.push(subject)
      targets.set(issuer, list)
      continue
    }
    const removed = leaves.get(issuer)
    if (removed === undefined) continue
    for (const parent of removed.parents) parent.children.delete(removed)
    leaves.delete(issuer)
  }
  prune(graph)
  for (const [issuer, subjects] of targets) {
    const any = leaves.get(anyPolicy)
    const node = leaves.get(issuer) ?? (any === undefined ? undefined : nodeOf(issuer, [any]))
    if (node === undefined) continue
    node.expected = subjects
    leaves.set(issuer, node)
  }

  return true
}

/**
 * Whether a policy other than anyPolicy is below anyPolicy in the graph, or anyPolicy itself reaches the
 * leaf.
 */
function hasPolicyLeft(graph: readonly Stratum[]): boolean {
  if (graph.at(-1)?.has(anyPolicy)) return true

  return graph.some((stratum) =>
    [...stratum.values()].some(
      ({ policy, parents }) =>
        policy !== anyPolicy && parents.size === 1 && [...parents][0]?.policy === anyPolicy
    )
  )
}
