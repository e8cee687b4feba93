import { kindOf, type Owner } from '../model/kubernetes-object.js'
import type { Subject } from '../model/subject.js'
import type { ObjectReference } from '../output/report.js'
import { recordOf, textOf } from '../text/record.js'

/** How a report refers to an object that was judged. `owner` is the object that it belongs to. */
export function referenceOf(
  object: Readonly<Record<string, unknown>>,
  subject: Subject | undefined,
  owner: Owner | undefined
): ObjectReference {
  const { apiVersion, metadata } = object
  const namespace =
    subject === undefined || subject.kind === 'PodIdentityAssociation' // its namespace is not the object's
      ? textOf(recordOf(metadata)['namespace'])
      : 'namespace' in subject
        ? subject.namespace
        : ''

  return {
    apiVersion: textOf(apiVersion) ?? '',
    kind: kindOf(object),
    ...(namespace !== undefined && namespace !== '' && { namespace }),
    name:
      textOf(recordOf(metadata)['name']) ??
      (subject?.kind === 'PodIdentityAssociation' ? '' : (subject?.name ?? '')),
    ...(owner && { owner })
  }
}
