import { statementNamed } from '../../model/statement-named.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrongBy } from '../scene.js'
import { irsaTrustCommands, podIdentityTrustCommands, roleIn } from '../trust-fix.js'

/** Whether the role's trust policy admits this service account. */
export function trustPolicyStep(scene: Scene, before: readonly Judged[]): Judged {
  const { told, facts, chain } = scene
  const { wrong: findings, doubts, remarks } = told('trust-policy')
  if (findings.length > 0) return wrongBy('trust-policy', findings, { commands: commandsFor(scene) })
  const broken = brokenAmong(before, 'service-account', 'annotation', 'association', 'role')
  if (broken !== undefined)
    return follows('trust-policy', causeOf(broken), 'there is no trust policy to judge')
  const [doubt] = doubts
  if (doubt !== undefined)
    return { ...couldNotTell('trust-policy', doubt.message), fix: doubt.fix, rule: doubt.rule }

  const trust = chain.chain === 'pod-identity' ? facts.podIdentityTrust : facts.trust
  if (trust?.state !== 'known') return couldNotTell('trust-policy', trust?.because ?? 'no policy was read')
  const { verdict, statement, overPermissive } = trust.value
  if (verdict !== 'allowed') return couldNotTell('trust-policy', `the policy's verdict is ${verdict}`)
  const { namespace, name } = scene.account

  return ok(
    'trust-policy',
    `${statementNamed(statement)} admits ${namespace}/${name}${overPermissive ? ', and others' : ' and only those that it names'}`,
    remarks
  )
}

function commandsFor(scene: Scene): string[] {
  const { chain, facts, request } = scene
  if (chain.chain !== 'pod-identity') {
    const role = roleIn(request.state === 'known' ? request.value?.role : undefined)
    return role === undefined ? [] : irsaTrustCommands(scene, role)
  }
  const association = facts.association?.state === 'known' ? facts.association.value : undefined
  const role = roleIn(association?.roleArn)

  return association === undefined || role === undefined
    ? []
    : podIdentityTrustCommands(scene, role, association, facts.podIdentityRole)
}
