import { isConfiguredElsewhere } from '../../identity-webhook/role-request.js'
import { audienceOf } from '../../identity-webhook/settings.js'
import { isPublicIssuer } from '../../model/public-issuer.js'
import { addClientId, createProvider } from '../commands.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok, wrongBy } from '../scene.js'

/** The OIDC provider of the issuer in the role's account, and its client IDs. */
export function providerStep(scene: Scene, before: readonly Judged[]): Judged {
  const { told, facts } = scene
  const { wrong: findings, remarks } = told('provider')
  if (findings.length > 0) return wrongBy('provider', findings, { commands: commandsFor(scene) })
  const { provider } = facts
  if (provider?.state === 'known' && provider.value.registered) {
    const { arn, clientIds } = provider.value
    return ok('provider', `${arn}, client IDs ${clientIds.join(', ')}`, remarks)
  }
  const broken = brokenAmong(before, 'annotation')
  if (broken !== undefined)
    return follows('provider', causeOf(broken), 'the account of the role is not known')

  return couldNotTell(
    'provider',
    provider?.state === 'known' ? 'no facts' : (provider?.because ?? 'no facts')
  )
}

function commandsFor({ told, facts: { provider }, account, settings }: Scene): string[] {
  if (provider?.state !== 'known') return []
  const rules = told('provider').wrong.map(({ rule }) => rule)
  const audience = isConfiguredElsewhere(account.annotations, settings)
    ? settings.defaultAudience
    : audienceOf(account.annotations, settings)
  if (audience === undefined || audience !== audience.trim()) return []
  if (!provider.value.registered) {
    const url = `https://${provider.value.arn.replace(/^[^/]*\//, '')}`
    return isPublicIssuer(url) ? [createProvider(url, audience)] : []
  }

  return rules.includes('oidc-client-id-missing') ? [addClientId(provider.value.arn, audience)] : []
}
