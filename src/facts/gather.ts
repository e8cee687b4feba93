import { known, moot, unknown, type Fact } from '../model/fact.js'
import { parseIssuerPartition } from '../model/issuer.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { roleArnAnnotation, type Subject } from '../model/subject.js'
import type { FactTypes, Facts, Need, Sources } from './facts.js'
import { trustOf } from './trust.js'

export type { Sources } from './facts.js'

/** What a gatherer works with; `get` shares facts, so that each is gathered once for a subject. */
interface Gathering {
  readonly subject: Subject
  /** The role that is asked for; undefined when there is none or its ARN is malformed. */
  readonly arn: RoleArn | undefined
  readonly sources: Sources
  readonly signal: AbortSignal
  get<N extends Need>(need: N): Promise<Fact<FactTypes[N]>>
}

/** Gathers just the facts that are needed, in parallel, each once. Never throws: what did not answer before the signal is unknown. */
export async function gatherFacts(subject: Subject, needs: ReadonlySet<Need>, sources: Sources, signal: AbortSignal): Promise<Facts> {
  const started = new Map<Need, Promise<unknown>>()
  const gathering: Gathering = {
    subject,
    arn: roleArnOf(subject),
    sources,
    signal,
    get<N extends Need>(need: N) {
      const fact = started.get(need) ?? gatherers[need](gathering)
      started.set(need, fact)
      return fact as Promise<Fact<FactTypes[N]>> // each need's promise comes from its own gatherer
    }
  }
  const facts: { -readonly [N in Need]?: unknown } = {}
  await Promise.all(
    Array.from(needs, async (need) => {
      facts[need] = await gathering.get(need)
    })
  )

  return facts as Facts // each need's fact comes from its own gatherer
}

const gatherers: { readonly [N in Need]: (gathering: Gathering) => Promise<Fact<FactTypes[N]>> } = {
  async role({ arn, sources, signal }) {
    if (arn === undefined) return noRole
    if (sources.roles === undefined) return unknown('no facts about IAM were given')

    return sources.roles.readRole(arn, signal)
  },

  async trust({ subject, arn, sources, get }) {
    if (arn === undefined) return noRole
    const [role, issuer] = await Promise.all([get('role'), get('issuer')])

    return trustOf(role, { subject, arn, issuer, at: sources.at })
  },

  async clusterPartition({ arn, get }) {
    if (arn === undefined) return noRole
    const issuer = await get('issuer')
    if (issuer.state !== 'known') return issuer
    const partition = parseIssuerPartition(issuer.value)

    return partition === undefined ? unknown('the issuer of the cluster is not one of EKS, so it tells no partition') : known(partition)
  },

  async issuer({ sources, signal }) {
    if (sources.issuer !== undefined) return known(sources.issuer)
    if (sources.cluster === undefined) return unknown('the issuer of the cluster is not known')

    return sources.cluster.readIssuer(signal)
  },

  async namespace({ subject, sources, signal }) {
    if (sources.cluster === undefined) return moot('there is no cluster to ask')

    return sources.cluster.readNamespace(subject.namespace, signal)
  }
}

const noRole = moot('no role is asked for, or its ARN is malformed')

function roleArnOf(subject: Subject): RoleArn | undefined {
  const value = subject.annotations[roleArnAnnotation]

  return typeof value === 'string' ? parseRoleArn(value) : undefined
}
