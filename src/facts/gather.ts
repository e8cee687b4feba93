import { moot, unknown, type Fact } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import type { FactTypes, Facts, Need, RoleSource } from './facts.js'

/** What facts are gathered from. What is left out cannot be asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
}

/** Gathers just the facts that are needed, in parallel. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(
  subject: Subject,
  needs: ReadonlySet<Need>,
  sources: Sources,
  signal: AbortSignal
): Promise<Facts> {
  const [role, clusterPartition] = await Promise.all([
    needs.has('role') ? roleOf(subject, sources, signal) : undefined,
    needs.has('clusterPartition') ? clusterPartitionOf(sources) : undefined
  ])

  return { ...(role && { role }), ...(clusterPartition && { clusterPartition }) }
}

async function roleOf(subject: Subject, sources: Sources, signal: AbortSignal): Promise<Fact<FactTypes['role']>> {
  const value = subject.annotations[roleArnAnnotation]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined
  if (arn === undefined) return moot('no role is asked for, or its ARN is malformed')
  if (sources.roles === undefined) return unknown('no facts about IAM were given')

  return sources.roles.readRole(arn, signal)
}

function clusterPartitionOf({ issuer }: Sources): Fact<FactTypes['clusterPartition']> {
  if (issuer === undefined) return unknown('the issuer of the cluster is not known')

  const partition = parseIssuerPartition(issuer)
  if (partition === undefined) return unknown('the issuer of the cluster is not one of EKS, so it tells no partition')

  return { state: 'known', value: partition }
}
