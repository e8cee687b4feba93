import type { Certificate } from './certificate.js'
import type { ChainReason, ChainRefusal } from './verify.js'

/** The code of the reason why a chain is rejected. */
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

/** The reason why the API server would not connect to a server. */
export interface TlsRefusal {
  readonly code: RefusalCode
  /** An explanation that names the certificate. */
  readonly reason: string
  /** The error that Go prints. */
  readonly go: string
  /** The certificate that causes the refusal, if any. */
  readonly certificate?: Certificate | undefined
  readonly candidate?: ChainRefusal['candidate']
}
