import type { FactTypes } from '../facts/facts.js'
import type { PodSubject, ServiceAccountSubject, WorkloadSubject } from '../model/subject.js'
import { webIdentityRules } from '../rules/index.js'
import { annotationField } from '../text/record.js'
import type { Verdict } from './decide.js'

type OwnIdentity = FactTypes['ownIdentities'][number]
type Settings = FactTypes['identityWebhook']

/**
 * A made-up service account whose annotations request what a pod template sets directly, so that the same rules
 * can judge both. The account keeps the waivers of the template's object.
 */
export function accountOfIdentity(
  { stage, namespace, annotations, pod }: PodSubject | WorkloadSubject,
  { role, token }: OwnIdentity,
  { annotationNames }: Settings
): ServiceAccountSubject {
  return {
    kind: 'ServiceAccount',
    stage,
    namespace,
    name: pod.serviceAccountName,
    annotations: {
      ...annotations,
      [annotationNames['role-arn']]: role.value,
      [annotationNames.audience]: token?.audience
    },
    ownToken:
      token === undefined ? 'hidden' : token.audience === undefined ? 'without-audience' : 'with-audience'
  }
}

/** The same verdict, worded for the template's fields instead of for annotations. */
export function toldOfTemplate(
  verdict: Verdict,
  { container, role, token }: OwnIdentity,
  { annotationNames }: Settings
): Verdict {
  if (role.value === undefined) {
    const because = `${role.name} in container ${container} is known only at run time`
    return { ...verdict, unchecked: webIdentityRules.map(({ id }) => ({ rule: id, because })) }
  }
  const { audience } = annotationNames
  const audienceField = token === undefined ? role.field : `${token.field}.audience`
  const told = (text: string): string =>
    text
      .replaceAll(`the annotation ${audience}`, audience)
      .replaceAll(audience, 'the audience of the token')
      .replaceAll('the annotation', role.name)

  return {
    ...verdict,
    findings: verdict.findings.map((finding) => ({
      ...finding,
      field: finding.field === annotationField(audience) ? audienceField : role.field,
      message: told(finding.message),
      fix: told(finding.fix)
    }))
  }
}
