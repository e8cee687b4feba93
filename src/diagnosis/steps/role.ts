import type { RoleLookup } from '../../facts/facts.js'
import type { Fact } from '../../model/fact.js'
import { annotate, createRole } from '../commands.js'
import type { StepName } from '../diagnosis.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, lacksAssociation, ok, wrongBy } from '../scene.js'
import { newIrsaPolicy, newPodIdentityPolicy, roleIn } from '../trust-fix.js'

/** Whether the role exists with exactly the requested ARN. */
export function roleStep(scene: Scene, before: readonly Judged[]): Judged {
  if (lacksAssociation(scene))
    return follows('role', 'association', 'there is no association that names a role')
  const { told, facts, chain } = scene
  const { wrong: findings, remarks } = told('role')
  if (findings.length > 0) {
    const isPath = findings.some(({ rule }) => rule === 'role-path-mismatch')
    return wrongBy('role', findings, {
      commands: isPath ? pathCommands(scene) : creation(scene),
      ...(isPath && { needsNewPods: true })
    })
  }
  const role = chain.chain === 'pod-identity' ? facts.podIdentityRole : facts.role
  const from = chain.chain === 'pod-identity' ? 'association' : 'annotation'

  return lookedUp('role', role, { remarks, before, from })
}

/** A role that no rule objects to. */
export function lookedUp(
  step: StepName,
  role: Fact<RoleLookup> | undefined,
  {
    remarks,
    before,
    from
  }: {
    readonly remarks: Parameters<typeof ok>[2]
    readonly before: readonly Judged[]
    readonly from: StepName
  }
): Judged {
  if (role?.state === 'known' && role.value.exists) return ok(step, `${role.value.arn} exists`, remarks)
  const broken = brokenAmong(before, 'service-account', from)
  if (broken !== undefined) return follows(step, causeOf(broken), 'the ARN of the role is not known')

  return couldNotTell(
    step,
    role === undefined || role.state === 'known' ? 'the role was not looked up' : role.because
  )
}

/** The pods have to name the role by its full ARN, with its path. */
function pathCommands({ facts: { role }, tools, account, settings, isOwnRole }: Scene): string[] {
  if (isOwnRole || role?.state !== 'known' || !role.value.exists) return []

  return [annotate(tools, account, `${settings.annotationNames['role-arn']}=${role.value.arn}`)]
}

/**
 * The command that creates the role; none if an existing role was probably meant, or if no trust policy for
 * the new role can be written.
 */
function creation(scene: Scene): string[] {
  const { facts, chain, request } = scene
  if (chain.chain === 'pod-identity') {
    const association = facts.association?.state === 'known' ? facts.association.value : undefined
    const role = roleIn(association?.roleArn)
    const policy = association && newPodIdentityPolicy(scene, association)
    return role === undefined || policy === undefined || similarTo(facts.podIdentityRole)
      ? []
      : [createRole(role, policy)]
  }
  const role = roleIn(request.state === 'known' ? request.value?.role : undefined)
  const policy = role && newIrsaPolicy(scene, role)

  return role === undefined || policy === undefined || similarTo(facts.role) ? [] : [createRole(role, policy)]
}

const similarTo = (role: Fact<RoleLookup> | undefined): boolean =>
  role?.state === 'known' && !role.value.exists && role.value.similar !== undefined
