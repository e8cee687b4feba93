/** The API server's certificate was rejected. */
export class Distrust extends Error {
  readonly code: string

  constructor(code: string, cause: Error) {
    super(`the API server's certificate is not signed by a CA in the kubeconfig (${code})`, { cause })
    this.code = code
  }
}

/**
 * Whether a connection failed because the server's certificate is not trusted. The codes are Node's names for
 * OpenSSL's X509_V_ERR_… errors.
 */
export const isDistrust = (error: Error & { code?: string }): error is Error & { code: string } =>
  distrust.has(error.code ?? '')

const distrust: ReadonlySet<string> = new Set([
  ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE']
])
