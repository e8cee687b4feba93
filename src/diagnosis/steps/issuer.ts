import { isPublicIssuer } from '../../model/public-issuer.js'
import { shortList } from '../../text/escape.js'
import { textOf } from '../../text/record.js'
import type { Judged, Scene } from '../scene.js'
import { couldNotTell, ok, wrong } from '../scene.js'

const republish = (kubectl: string): string =>
  `publish the keys again at the discovery document's jwks_uri: ${kubectl} get --raw /openid/v1/jwks`

/**
 * Whether AWS can fetch, from the issuer's address, the keys that verify the API server's tokens.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
 */
export function issuerStep(scene: Scene): Judged {
  const { facts, issuer: observed, tools } = scene
  if (facts.issuer?.state !== 'known')
    return couldNotTell('issuer', facts.issuer?.because ?? 'the issuer was not looked up')
  const issuer = facts.issuer.value
  if (!isPublicIssuer(issuer))
    return wrong('issuer', `AWS cannot reach ${issuer}, so it cannot verify any token of this cluster`, {
      fix: "set the API server's --service-account-issuer to a public https URL that serves its discovery document and keys"
    })
  if (observed.state !== 'known') return couldNotTell('issuer', observed.because, issuer)

  const { discovery, published, ofApiServer } = observed.value
  if (discovery.state !== 'known')
    return couldNotTell('issuer', discovery.because.replaceAll(issuer, '…'), issuer)
  if (discovery.value.state === 'missing')
    return wrong('issuer', `${issuer} serves no discovery document: ${discovery.value.because}`, {
      fix: `publish it: ${tools.kubectl} get --raw /.well-known/openid-configuration`
    })
  const named = textOf(discovery.value.value['issuer'])
  if (named !== issuer)
    return wrong(
      'issuer',
      `the discovery document at ${issuer} names issuer ${named ?? 'none'}, but tokens name ${issuer}`,
      {
        fix: `publish the API server's own document: ${tools.kubectl} get --raw /.well-known/openid-configuration`
      }
    )
  if (published.state !== 'known')
    return couldNotTell('issuer', published.because.replaceAll(issuer, '…'), issuer)
  if (!isKeys(published.value))
    return wrong(
      'issuer',
      `the keys of ${issuer} are missing: ${published.value.state === 'missing' ? published.value.because : ''}`,
      { fix: republish(tools.kubectl) }
    )
  if (ofApiServer.state !== 'known')
    return couldNotTell(
      'issuer',
      ofApiServer.because,
      `${issuer} answers, but its keys could not be compared`
    )

  const keys = published.value
  const lacking = ofApiServer.value.filter((id) => !keys.includes(id))
  if (ofApiServer.value.length === 0)
    return couldNotTell('issuer', 'the keys of the API server have no IDs to compare', issuer)
  if (lacking.length === 0) return ok('issuer', `${issuer}, its keys match the API server's`)
  // The API server signs with one of its keys, but does not reveal which one.
  if (lacking.length < ofApiServer.value.length)
    return couldNotTell(
      'issuer',
      `the issuer lacks key ${shortList(lacking)} of the API server, which may be the one that signs; ${republish(tools.kubectl)}`,
      issuer
    )

  return wrong(
    'issuer',
    `${issuer} publishes none of the API server's keys (${shortList(lacking)}), so AWS rejects every token`,
    {
      fix: republish(tools.kubectl)
    }
  )
}

const isKeys = (value: unknown): value is readonly string[] => Array.isArray(value)
