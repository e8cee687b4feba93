import { newAssociationOf } from '../new-association.js'
import type { Judged, Scene } from '../scene.js'
import { couldNotTell, ok, wrong, wrongBy } from '../scene.js'

/**
 * Whether the service account has an EKS Pod Identity association; undefined if associations cannot be looked
 * up.
 */
export function associationStep(scene: Scene): Judged | undefined {
  const { facts, told, chain } = scene
  const { associated, association } = facts
  const { wrong: findings, remarks } = told('association')
  if (associated === undefined || associated.state === 'moot')
    return chain.chain === 'pod-identity'
      ? couldNotTell('association', associated?.because ?? 'associations were not looked up')
      : undefined
  if (associated.state === 'unknown') return couldNotTell('association', associated.because)
  if (!associated.value.exists) return withoutAssociation(scene)
  if (findings.length > 0) return wrongBy('association', findings)
  if (association?.state !== 'known')
    return couldNotTell(
      'association',
      association?.because ?? 'the details of the association were not read',
      'there is one'
    )
  const { roleArn, targetRoleArn } = association.value
  const shown = `gives ${roleArn ?? 'a role'}${targetRoleArn === undefined ? '' : `, which assumes ${targetRoleArn}`}`

  return ok(
    'association',
    chain.chain === 'irsa' ? `exists (${shown}), but this pod still uses IRSA; new pods will not` : shown,
    remarks
  )
}

function withoutAssociation(scene: Scene): Judged {
  if (scene.chain.chain !== 'pod-identity')
    return ok('association', 'none (EKS Pod Identity is not used here)')
  const { namespace, name } = scene.account

  return wrong(
    'association',
    `service account ${namespace}/${name} no longer has an association, so the agent refuses the pod's token`,
    newAssociationOf(scene)
  )
}
