import type { KubeObject } from '../kube/read.js'
import { type Owner, ownerOf } from '../model/kubernetes-object.js'
import type { ObjectVerdict } from '../output/report.js'
import type { ObjectReview } from '../review-objects.js'
import { recordOf } from '../text/record.js'
import { referenceOf } from './references.js'

/** The verdicts on the objects with something to report, in order. */
export function verdictsOf(
  objects: readonly KubeObject[],
  reviews: readonly ObjectReview[]
): readonly ObjectVerdict[] {
  const topOwnerOf = buildTopOwners(objects)

  return objects.flatMap((object, index): ObjectVerdict[] => {
    const review = reviews[index]
    if (review === undefined || (review.findings.length === 0 && review.unchecked.length === 0)) return []
    const { subject, findings, unchecked } = review

    return [{ object: referenceOf(object, subject, topOwnerOf(object)), findings, unchecked }]
  })
}

/** Finds the controller that an object belongs to, such as the Deployment of a pod. */
function buildTopOwners(objects: readonly KubeObject[]): (object: KubeObject) => Owner | undefined {
  const keyOf = (kind: unknown, namespace: unknown, name: unknown): string =>
    JSON.stringify([kind, namespace, name])
  const owners = new Map<string, Owner>()
  for (const object of objects) {
    const owner = object['kind'] === 'Pod' ? undefined : ownerOf(object)
    const { namespace, name } = recordOf(object['metadata'])
    if (owner !== undefined) owners.set(keyOf(object['kind'], namespace, name), owner)
  }

  return (object) => {
    const owner = ownerOf(object)
    const { namespace } = recordOf(object['metadata'])

    // Built-in chains have two links: Deployment → ReplicaSet → pod, CronJob → Job → pod.
    return owner && (owners.get(keyOf(owner.kind, namespace, owner.name)) ?? owner)
  }
}
