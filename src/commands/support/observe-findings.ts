import type { Sources } from '../../facts/facts.js'
import type { OwnIdentity } from '../../identity-webhook/own-identity.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { Finding } from '../../model/finding.js'
import type { Subject } from '../../model/subject.js'
import { review } from '../../review.js'
import { toldOfTemplate } from '../../verdict/own-identity.js'
import { noDeadline } from './no-deadline.js'

/** The findings of all rules about these subjects. */
export async function findingsOf(
  subjects: readonly (Subject | undefined)[],
  sources: Sources,
  at: Date,
  template: { readonly own: OwnIdentity; readonly settings: IdentityWebhookSettings } | undefined
): Promise<Finding[]> {
  const verdicts = await Promise.all(
    subjects
      .filter((subject) => subject !== undefined)
      .map(async (subject) => {
        const verdict = await review(subject, { sources, mode: 'enforce', at, deadline: noDeadline })

        return template !== undefined && subject.kind === 'ServiceAccount'
          ? toldOfTemplate(verdict, template.own, template.settings)
          : verdict
      })
  )
  const found = verdicts.flatMap(({ findings }) => findings)

  // A pod and its template share most mistakes.
  return [...new Map(found.map((finding) => [`${finding.rule} ${finding.message}`, finding])).values()]
}
