import { identityWebhookNames, isLoopback, type Webhook, webhooksOf } from '../model/webhook-configuration.js'
import { annotationsOf, isRecord } from '../text/record.js'
import { addressOfUrl } from '../text/url-address.js'
import { type CaInjection, caInjectionsOf } from './injection.js'

/** Our own webhooks. */
export const ownWebhooks = ['validate.irsa-guard.io', 'workloads.irsa-guard.io'] as const

/** A guarded webhook in its webhook configuration. */
export interface GuardedWebhook {
  readonly configuration: {
    readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration'
    readonly name: string
    readonly uid: string
  }
  readonly webhook: Webhook
  /** The CA injections that the configuration's annotations request. */
  readonly injections: readonly CaInjection[]
  /**
   * Where the webhook runs. `own`: in irsa-guard, with a certificate that the controller issues. `control-plane`:
   * where only the API server can connect to it. `reachable`: where irsa-guard can connect to it, too.
   */
  readonly place: 'own' | 'control-plane' | 'reachable'
}

/** The names under which webhooks are guarded; `more` are the names from the configuration. */
export const guardedNamesOf = (more: readonly string[]): ReadonlySet<string> =>
  new Set([...identityWebhookNames, ...ownWebhooks, ...more])

/**
 * Finds the guarded webhooks among webhook configurations; `more` are further names. If the controller does not
 * issue irsa-guard's certificate (`tls.managed: false`), our own webhooks count as reachable.
 */
export function guardedWebhooksOf(
  configurations: readonly unknown[],
  more: readonly string[],
  { isOwnManaged = true }: { readonly isOwnManaged?: boolean } = {}
): GuardedWebhook[] {
  const names = guardedNamesOf(more)

  return configurations.filter(isRecord).flatMap((object) => {
    const kind = object['kind']
    const metadata = isRecord(object['metadata']) ? object['metadata'] : {}
    if (kind !== 'MutatingWebhookConfiguration' && kind !== 'ValidatingWebhookConfiguration') return []
    const configuration = { kind, name: String(metadata['name']), uid: String(metadata['uid']) } as const

    return webhooksOf(object)
      .filter(({ name }) => names.has(name))
      .map((webhook) => ({
        configuration,
        webhook,
        injections: caInjectionsOf(annotationsOf(object)),
        place: placeOf(webhook, isOwnManaged)
      }))
  })
}

function placeOf({ name, url }: Webhook, isOwnManaged: boolean): GuardedWebhook['place'] {
  if (ownWebhooks.some((own) => own === name)) return isOwnManaged ? 'own' : 'reachable'

  return url !== undefined && isLoopback(url) ? 'control-plane' : 'reachable'
}

/**
 * The address at which a webhook is called. The host must be a name in the webhook's certificate.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook
 */
export function addressOf({ url, service }: Webhook): { host: string; port: number } | undefined {
  if (service !== undefined) return { host: `${service.name}.${service.namespace}.svc`, port: service.port }
  if (url === undefined || !URL.canParse(url)) return undefined

  return addressOfUrl(url)
}
