import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrongBy } from '../scene.js'
import { podIdentityTrustCommands, roleIn } from '../trust-fix.js'
import { lookedUp } from './role.js'

/** The second role of an association; undefined if no such role is known. */
export function targetRoleStep(scene: Scene, before: readonly Judged[]): Judged | undefined {
  const { told, facts } = scene
  const { wrong: findings, remarks } = told('target-role')
  const association = facts.association?.state === 'known' ? facts.association.value : undefined
  if (association === undefined || association.targetRoleArn === undefined) return undefined
  if (findings.length > 0) {
    const role = roleIn(association.targetRoleArn)
    const { roleArn, externalId } = association
    const isUntrusted = findings.some(({ rule }) => rule === 'pod-identity-target-untrusted')
    return wrongBy('target-role', findings, {
      commands:
        role === undefined || roleArn === undefined || !isUntrusted
          ? []
          : podIdentityTrustCommands(scene, role, association, facts.targetRole, { arn: roleArn, externalId })
    })
  }
  const broken = brokenAmong(before, 'association')
  if (broken !== undefined) return follows('target-role', causeOf(broken), association.targetRoleArn)
  const role = lookedUp('target-role', facts.targetRole, { remarks, before, from: 'association' })
  if (role.state !== 'ok') return role
  const { targetTrust } = facts
  if (targetTrust?.state !== 'known')
    return couldNotTell(
      'target-role',
      targetTrust?.because ?? 'no policy was read',
      association.targetRoleArn
    )
  if (targetTrust.value.verdict !== 'allowed')
    return couldNotTell(
      'target-role',
      `its trust policy depends on ${targetTrust.value.dependsOn.join(', ')}`,
      association.targetRoleArn
    )

  return ok('target-role', `${association.targetRoleArn} admits the association's role`, remarks)
}
