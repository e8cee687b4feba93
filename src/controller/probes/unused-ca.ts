import { issueCa } from '../certificates/issue-certificate.js'

/** A new base64 `caBundle` of a CA that nothing uses, which the caBundle policy must deny. */
export function issueUnusedCa(): string {
  const validity = { from: new Date(0), until: new Date('2100-01-01') }

  return Buffer.from(issueCa('irsa-guard-self-test', validity).certificate).toString('base64')
}
