import { moot, unknown, type Fact } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import { controlPlaneWebhooksOf, type WebhookConfigurationSubject } from '../model/webhook-configuration.js'
import { readBundle } from '../x509/bundle.js'
import { newestGo } from '../x509/go-version.js'
import type { FactTypes, Facts, Need, RoleSource } from './facts.js'

/** What facts are gathered from. What is left out cannot be asked. */
export interface Sources {
  readonly roles?: RoleSource | undefined
  /** The cluster's OIDC issuer, with its `https://`. */
  readonly issuer?: string | undefined
  /** The current CAs of the cluster, as PEM text. */
  readonly clusterCa?: string | undefined
}

/** Gathers just the facts that are needed. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(subject: Subject, needs: ReadonlySet<Need>, sources: Sources, signal: AbortSignal): Promise<Facts> {
  if (subject.kind !== 'ServiceAccount') return { clusterCa: clusterCaOf(subject, sources) }

  const value = subject.annotations[roleArnAnnotation]
  const arn = typeof value === 'string' ? parseRoleArn(value) : undefined
  if (arn === undefined) {
    const nothing = moot('no role is asked for, or its ARN is malformed')
    return { role: nothing, clusterPartition: nothing }
  }

  return {
    ...(needs.has('role') && { role: await roleOf(arn, sources, signal) }),
    ...(needs.has('clusterPartition') && { clusterPartition: clusterPartitionOf(sources) })
  }
}

function clusterCaOf(subject: WebhookConfigurationSubject, { clusterCa }: Sources): Fact<FactTypes['clusterCa']> {
  if (controlPlaneWebhooksOf(subject).length === 0) return moot('no webhook of it is served with a certificate of the cluster CA')
  if (clusterCa === undefined) return unknown('the CA of the cluster is not known')
  if (readBundle(Buffer.from(clusterCa), newestGo).certificates.length === 0) return unknown('the CA of the cluster is not readable PEM')

  return { state: 'known', value: clusterCa }
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
