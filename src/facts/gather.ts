import { moot, unknown, type Fact } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import type { FactTypes, Facts, Need, RoleSource } from './facts.js'
import { trustOf } from './trust.js'

/** What facts are gathered from. What is left out cannot be asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  /** Now; without it nothing is said of dates in trust policies. */
  readonly at?: Date | undefined
}

/** Gathers just the facts that are needed. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(subject: Subject, needs: ReadonlySet<Need>, sources: Sources, signal: AbortSignal): Promise<Facts> {
  const value = subject.annotations[roleArnAnnotation]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined
  if (arn === undefined) {
    const nothing = moot('no role is asked for, or its ARN is malformed')
    return { role: nothing, trust: nothing, clusterPartition: nothing }
  }

  const role = needs.has('role') || needs.has('trust') ? await roleOf(arn, sources, signal) : undefined
  const { issuer, at } = sources

  return {
    ...(role !== undefined && needs.has('role') && { role }),
    ...(role !== undefined && needs.has('trust') && { trust: trustOf(role, { subject, arn, issuer, at }) }),
    ...(needs.has('clusterPartition') && { clusterPartition: clusterPartitionOf(sources) })
  }
}

async function roleOf(arn: RoleArn, sources: Sources, signal: AbortSignal): Promise<Fact<FactTypes['role']>> {
  if (sources.roles === undefined) return unknown('no facts about IAM were given')

  return sources.roles.readRole(arn, signal)
}

function clusterPartitionOf({ issuer }: Sources): Fact<FactTypes['clusterPartition']> {
  if (issuer === undefined) return unknown('the issuer of the cluster is not known')

  const partition = parseIssuerPartition(issuer)
  if (partition === undefined) return unknown('the issuer of the cluster is not one of EKS, so it tells no partition')

  return { state: 'known', value: partition }
}
