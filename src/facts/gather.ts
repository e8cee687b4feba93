import { moot, unknown, type Fact } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import type { Ask, FactTypes, Facts, IamSource, Need } from './facts.js'

/** What facts are gathered from. What is left out cannot be asked. */
export interface Sources {
  readonly iam?: IamSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
}

/** Gathers just the facts that are needed. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(subject: Subject, needs: ReadonlySet<Need>, sources: Sources, signal: AbortSignal): Promise<Facts> {
  const value = subject.annotations[roleArnAnnotation]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined
  if (arn === undefined) {
    const nothing = moot('no role is asked for, or its ARN is malformed')
    return { role: nothing, provider: nothing, clusterPartition: nothing }
  }

  const ask: Ask = { namespace: subject.namespace, signal }
  const [role, provider] = await Promise.all([
    needs.has('role') ? roleOf(arn, sources, ask) : undefined,
    needs.has('provider') ? providerOf(arn, sources, ask) : undefined
  ])

  return {
    ...(role && { role }),
    ...(provider && { provider }),
    ...(needs.has('clusterPartition') && { clusterPartition: clusterPartitionOf(sources) })
  }
}

async function roleOf(arn: RoleArn, { iam }: Sources, ask: Ask): Promise<Fact<FactTypes['role']>> {
  if (iam === undefined) return unknown('no facts about IAM were given')

  return iam.readRole(arn, ask)
}

async function providerOf({ account, partition }: RoleArn, { iam, issuer }: Sources, ask: Ask): Promise<Fact<FactTypes['provider']>> {
  if (iam === undefined) return unknown('no facts about IAM were given')
  if (issuer === undefined) return unknown('the issuer of the cluster is not known')

  return iam.readProvider({ account, partition, issuer }, ask)
}

function clusterPartitionOf({ issuer }: Sources): Fact<FactTypes['clusterPartition']> {
  if (issuer === undefined) return unknown('the issuer of the cluster is not known')

  const partition = parseIssuerPartition(issuer)
  if (partition === undefined) return unknown('the issuer of the cluster is not one of EKS, so it tells no partition')

  return { state: 'known', value: partition }
}
