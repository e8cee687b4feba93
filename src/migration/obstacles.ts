import type { AssociationSource, Sources } from '../facts/facts.js'
import { gatherFacts } from '../facts/gather.js'
import { identityWebhookOf } from '../facts/identity-webhook.js'
import { injectedVariables } from '../identity-webhook/credentials.js'
import { unsupportedNodeOf } from '../identity-webhook/unsupported-node.js'
import type { Association } from '../model/association.js'
import type { Deadline } from '../model/deadline.js'
import { known } from '../model/fact.js'
import type { PodSubject, Subject } from '../model/subject.js'
import { mutationPreempted } from '../rules/mutation-preempted.js'
import { podIdentityProxy } from '../rules/pod-identity-proxy.js'
import { podIdentityUnsupportedNode } from '../rules/pod-identity-unsupported-node.js'
import { staticCredentialsShadowRole } from '../rules/static-credentials-shadow-role.js'
import { evaluate } from '../verdict/evaluate.js'
import { buildPlanner, type Planner } from '../verdict/plan.js'
import type { Reason } from './migration-plan.js'
import { type Runner, runnerName } from './runners.js'

/** What is needed to judge a subject, besides the subject itself. */
export interface Judging {
  readonly sources: Sources
  readonly at: Date
  readonly deadline: Deadline
}

const planForTemplate = buildPlanner([mutationPreempted, staticCredentialsShadowRole, podIdentityProxy])
// A running pod does not show whether the identity webhook or the pod's template set a variable.
const planForPod = buildPlanner([staticCredentialsShadowRole, podIdentityProxy])

/**
 * Why pods would not get, or not use, the credentials of this association if their service account had it.
 * The running pods are judged, too, as if they were created again, because a Fargate profile or another
 * webhook may have changed what the templates set.
 */
export async function obstaclesOf(
  runners: readonly Runner[],
  association: Association,
  judging: Judging
): Promise<Reason[]> {
  const associated = {
    ...judging,
    sources: { ...judging.sources, associations: onlyAssociation(association) }
  }
  const found = await Promise.all(
    runners.map(async (runner) => {
      const pods = runner.pods.map(({ subject }) => asManifest(subject))
      const ofNodes = [...runner.templates, ...pods].flatMap(unsupportedNode)
      const ofTemplates = runner.templates.map(async (subject) =>
        problemsOf(planForTemplate, subject, associated)
      )
      const ofPods = pods.map(async (subject) => problemsOf(planForPod, subject, associated))
      const reasons = [...ofNodes, ...(await Promise.all([...ofTemplates, ...ofPods])).flat()]

      return reasons.map((reason) => ({ reason, object: runnerName(runner) }))
    })
  )
  const groups = Map.groupBy(found.flat(), ({ reason }) => JSON.stringify(reason))

  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ reason }) => ({
      ...reason,
      objects: [...new Set(group.map(({ object }) => object))]
    }))
  )
}

function unsupportedNode({ pod }: Runner['templates'][number]): Reason[] {
  const node = unsupportedNodeOf(pod)
  if (node === undefined) return []

  return [
    {
      rule: podIdentityUnsupportedNode.id,
      message: `its pods run on ${node.place}, where no EKS Pod Identity Agent can run`,
      fix: 'keep IRSA for this service account, or run the pods on Linux nodes that are not on Fargate'
    }
  ]
}

async function problemsOf(planner: Planner, subject: Subject, judging: Judging): Promise<Reason[]> {
  const { at, sources, deadline } = judging
  const plan = planner(subject, identityWebhookOf(sources))
  const facts = await gatherFacts(subject, plan.needs, sources, { deadline, at })

  // The association is known here, so all facts that these rules need are known, and `unchecked` is empty.
  return evaluate(plan, subject, facts, { at })
    .findings.filter(({ waived }) => waived === undefined)
    .map(({ rule, message, fix }) => ({
      rule,
      message,
      fix: fix.replace(/, or delete the association$/, '')
    }))
}

/** A source of associations in which every service account has this association. */
export const onlyAssociation = (association: Association): AssociationSource => ({
  findAssociation: () => known({ exists: true, since: undefined }),
  readAssociation: () => known(association)
})

/**
 * A running pod as it would look if it were created again: without the variables that the identity webhook
 * sets for IRSA.
 */
const asManifest = (subject: PodSubject): PodSubject => ({
  ...subject,
  stage: 'source',
  pod: {
    ...subject.pod,
    containers: subject.pod.containers.map((container) => ({
      ...container,
      variables: container.variables.filter(({ name }) => !injectedVariables.some((each) => each === name))
    }))
  }
})
