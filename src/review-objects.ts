import { setImmediate } from 'node:timers/promises'
import type { Sources } from './facts/facts.js'
import { isCustomResource, mentionsRole } from './model/custom-resource.js'
import { raceDeadline } from './model/deadline.js'
import { allRules, type Finding, type Unchecked } from './model/finding.js'
import { isFromCluster, notAnObject, ownerOf } from './model/kubernetes-object.js'
import { isPodTemplate } from './model/pod-template.js'
import { parseSubjects, type Subject } from './model/subject.js'
import { type ReviewContext, reviewTogether } from './review.js'
import { buildObjectSources, type ObjectSources } from './sources/objects/objects.js'
import { recordOf, textOf } from './text/record.js'
import { docsUrl } from './version.js'

/** The verdict on one of several objects. `allowed` is false if it has an error without a waiver. */
export interface ObjectReview {
  /** The first subject, if a document has several; undefined if no rule applies to the object. */
  readonly subject: Subject | undefined
  readonly allowed: boolean
  readonly findings: readonly Finding[]
  readonly unchecked: readonly Unchecked[]
}

/** Facts that do not come from the objects themselves, and the objects' default namespace. */
export interface ObjectsContext extends Omit<ReviewContext, 'sources' | 'mode'> {
  /** The namespace for objects that name none. */
  readonly namespace: string | undefined
  /**
   * Combines the facts that the objects provide about each other with the other sources. The associations
   * among the objects are added afterwards.
   */
  readonly sourcesWith: (together: ObjectSources) => Sources
  /** Which objects are judged; the others only provide facts. Default: all of them. */
  readonly isJudged?: (object: unknown) => boolean
  /** Stops the work. What has not been judged by then is reported as not checked. */
  readonly signal?: AbortSignal
  /** Called after each object that was judged. */
  readonly onJudged?: () => void
}

/**
 * Judges objects that were given together; facts about one can come from the others. Returns one review for
 * each object, in order. Objects read from a cluster are judged in their current state. A mistake that an
 * object inherits from its owner (a pod from its Deployment) is reported for the owner only. Never throws,
 * whatever the objects are.
 */
export async function reviewObjects(
  objects: readonly unknown[],
  { namespace, sourcesWith, isJudged = () => true, signal, onJudged, ...rest }: ObjectsContext
): Promise<ObjectReview[]> {
  const parsed = objects.map((object) => ({ object, subjects: subjectsOf(object, namespace) }))
  const together = buildObjectSources(
    parsed.flatMap(({ subjects }) => subjects),
    objects,
    namespace
  )
  const given = sourcesWith(together)
  const sources = {
    ...given,
    associations: together.associationsWith(given.clusterArn, given.associations)
  }
  const context: ReviewContext = { ...rest, mode: 'enforce', sources }
  const reviews: ObjectReview[] = parsed.map(({ object, subjects: [subject] }) => ({
    ...(subject !== undefined && isJudged(object) ? interrupted : notJudged),
    subject
  }))
  const isStopped = (): boolean => signal?.aborted === true
  const judge = async (index: number, { object, subjects }: Parsed): Promise<void> => {
    const reviewed = await reviewObject(object, subjects, context)
    if (isStopped()) return
    reviews[index] = reviewed
    onJudged?.()
  }
  const judging: Promise<void>[] = []
  for (const [index, each] of parsed.entries()) {
    if (isStopped()) break
    if (isJudged(each.object)) judging.push(judge(index, each))
    if (index % atOnce === atOnce - 1) await setImmediate() // for signals and progress
  }
  await (signal === undefined ? Promise.all(judging) : raceDeadline(signal, Promise.all(judging)))

  return foldIntoOwners(objects, reviews)
}

interface Parsed {
  readonly object: unknown
  readonly subjects: readonly Subject[]
}

const atOnce = 500

const notJudged: Omit<ObjectReview, 'subject'> = { allowed: true, findings: [], unchecked: [] }
const interrupted: typeof notJudged = {
  ...notJudged,
  unchecked: [{ rule: allRules, because: 'irsa-guard was interrupted' }]
}

/**
 * The subjects of an object that was read from a file or a cluster. There are none if `notAnObject` rejects
 * the object, or if it is an old revision that creates no pods.
 */
export function subjectsOf(object: unknown, namespace: string | undefined): readonly Subject[] {
  if (notAnObject(object) !== undefined || isRetired(recordOf(object))) return []

  return parseSubjects(object, { stage: isFromCluster(recordOf(object)) ? 'running' : 'source', namespace })
}

/**
 * Whether an object is an old revision: a ReplicaSet with an owner and zero replicas, which creates no pods.
 */
const isRetired = (object: Readonly<Record<string, unknown>>): boolean =>
  object['kind'] === 'ReplicaSet' &&
  recordOf(object['spec'])['replicas'] === 0 &&
  ownerOf(object) !== undefined

async function reviewObject(
  object: unknown,
  [subject, ...others]: readonly Subject[],
  context: ReviewContext
): Promise<ObjectReview> {
  const other = notAnObject(object)
  if (other !== undefined) {
    const finding: Finding = {
      rule: 'not-an-object',
      severity: 'error',
      field: '',
      message: other.is,
      fix: other.fix,
      docs: `${docsUrl}/cli`
    }
    return { subject, allowed: false, findings: [finding], unchecked: [] }
  }
  const kind = textOf(recordOf(object)['kind']) ?? ''
  const unread = isUnread(object, subject)
    ? [{ rule: allRules, because: `irsa-guard does not know which fields of kind ${kind} name an AWS role` }]
    : []
  if (subject === undefined) return { subject, allowed: true, findings: [], unchecked: unread }
  const { allowed, findings, unchecked } = await reviewTogether([subject, ...others], context)

  return { subject, allowed, findings, unchecked: [...unchecked, ...unread] }
}

/** Whether an object is a custom resource that names a role in a place that no rule reads. */
function isUnread(object: unknown, subject: Subject | undefined): boolean {
  return (
    isCustomResource(recordOf(object)) &&
    (subject === undefined || subject.kind === 'Workload') &&
    mentionsRole(recordOf(object), isPodTemplate)
  )
}

/** Omits the findings of an object that are also reported for its owner or for an owner further up. */
function foldIntoOwners(objects: readonly unknown[], reviews: readonly ObjectReview[]): ObjectReview[] {
  const indexes = new Map(objects.map((object, index) => [keyOf(object), index]))
  const ownerIndexOf = (index: number): number | undefined => {
    const object = recordOf(objects[index])
    const owner = ownerOf(object)
    const { namespace } = recordOf(object['metadata'])

    return owner && indexes.get(keyOf({ kind: owner.kind, metadata: { name: owner.name, namespace } }))
  }
  const isToldBy = (index: number | undefined, finding: Finding, depth = 0): boolean => {
    if (index === undefined || depth === maxOwners) return false
    const told = reviews[index]?.findings.some(
      ({ rule, message }) => rule === finding.rule && message === finding.message
    )
    return told === true || isToldBy(ownerIndexOf(index), finding, depth + 1)
  }

  return reviews.map((reviewed, index) =>
    reviewed.findings.length === 0
      ? reviewed
      : {
          ...reviewed,
          findings: reviewed.findings.filter((finding) => !isToldBy(ownerIndexOf(index), finding))
        }
  )
}

/** Chains of built-in owners are short (CronJob → Job → pod), so a longer chain is taken to be a cycle. */
const maxOwners = 10

function keyOf(object: unknown): string {
  const { kind, metadata } = recordOf(object)
  const { namespace, name } = recordOf(metadata)

  return JSON.stringify([kind, namespace, name])
}
