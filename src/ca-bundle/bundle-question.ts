import type { ExpectedSets } from './right-bundle.js'

/**
 * The bundles (base64 strings) that the WebhookTrust accepts. `best` is the one to write: it contains all
 * current CAs and nothing else.
 */
export interface PublishedBundles {
  readonly best: string
  readonly accepted: readonly string[]
  readonly complete: readonly string[]
  readonly confirmedAt: Date
}

export interface BundleQuestion {
  readonly caBundle: string
  readonly served?: { readonly chain: string; readonly host: string; readonly of?: 'api-server' } | undefined
  readonly clusterCa?: string | undefined
  /**
   * The cluster CAs that the policy expects, if the controller published them recently. If they are missing,
   * a bundle needs all cluster CAs.
   */
  readonly expected?: ExpectedSets | undefined
  /** Which cluster CA signs now and which one signs next, as the controller published it. */
  readonly rotation?: string | undefined
  /** CAs (PEM) that might also be the cluster's, and why that is uncertain. */
  readonly unconfirmed?: { readonly cas: string; readonly doubt: string } | undefined
  /**
   * The CAs (PEM) that the webhook's injector writes, and their source. Used for webhooks whose bundle is not
   * checked against `clusterCa`.
   */
  readonly injected?:
    | {
        readonly current: string
        readonly former?: string | undefined
        /**
         * Older CAs. They only decide whether a wrong bundle is stale or foreign. They are never written to a
         * bundle.
         */
        readonly earlier?: string | undefined
        readonly source: string
      }
    | undefined
  /** The bundles that the policy accepts. Used if neither `clusterCa` nor `injected` is known. */
  readonly published?: PublishedBundles | undefined
  /** The accepted bundles (base64 strings), and what the caBundle policy does with any other bundle. */
  readonly policy?:
    | {
        readonly action: 'Deny' | 'Warn'
        readonly accepted: readonly string[]
        readonly complete: readonly string[]
      }
    | undefined
  /** Why the expected CA could not be determined. */
  readonly notKnown?: string | undefined
  readonly at: Date
  readonly go?: string | undefined
}

/** The expected CAs, as PEM; undefined if they are unknown. */
export function currentCasOf({ injected, clusterCa, published }: BundleQuestion): string | undefined {
  return injected?.current ?? clusterCa ?? (published && pemTextOf(published.best))
}

/** The PEM text of a published bundle (base64). */
export const pemTextOf = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')
