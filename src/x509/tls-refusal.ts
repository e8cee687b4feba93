import type { Certificate } from './certificate.js'
import type { ChainReason, ChainRefusal } from './verify.js'

/** Why a chain is refused, as a code. */
export type RefusalCode =
  | ChainReason
  | 'bundle-empty'
  | 'bundle-not-base64'
  | 'bundle-unusable'
  | 'chain-empty'
  | 'chain-too-large'
  | 'chain-unreadable'
  | 'server-key-too-large'
  | 'server-key-too-small'
  | 'server-key-unsupported'

/** Why the API server would not talk to this server. */
export interface TlsRefusal {
  readonly code: RefusalCode
  /** In plain words, naming the certificate. */
  readonly reason: string
  /** What Go prints. */
  readonly go: string
  /** The certificate it is about, when there is one. */
  readonly certificate?: Certificate | undefined
  readonly candidate?: ChainRefusal['candidate']
}
