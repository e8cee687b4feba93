import { createHmac, createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { issueCa, type Issued, issueServing } from './issue-certificate.js'

/**
 * The content of the two Secrets. `cas` are the trusted CA certificates as PEM, newest first. `caKey` is the
 * key of the newest one.
 */
export interface Certificates {
  readonly cas: readonly string[]
  readonly caKey: string
  readonly serving: Issued
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const caLife = 5 * 365 * day
const servingLife = 90 * day

// Clocks differ a little between machines, so each certificate's validity begins in the past.
const backdated = 5 * minute

// API servers receive a new caBundle within seconds, and kubelets mount a changed Secret within two minutes.
// An hour is more than enough.
const overlap = hour

/**
 * Returns the certificates that should be in use now. They are unchanged if no renewal is due. A new CA is
 * first trusted together with the old one and signs the serving certificate an hour later. The old CA is
 * removed once the new CA is a day old. An API server therefore never sees a certificate that it does not trust
 * yet.
 */
export function planCertificates(
  found: Partial<Certificates>,
  hosts: readonly string[],
  now: Date
): Certificates {
  const { cas, caKey } = planCas(found, now)
  const serving = planServing(found.serving, cas, caKey, hosts, now)
  const signer = cas.find((ca) => isSignedBy(serving, ca))
  const newest = cas[0] ?? ''
  const isSettled = signer === newest && ageOf(newest, now) > day

  return { cas: isSettled ? [newest] : cas, caKey, serving }
}

/**
 * Computes a seal that proves that CAs are ours: only the holder of the CA's key can compute it. Without the
 * seal, a user who can write the Secret but not read it could add a certificate, which would end up in our
 * webhook's `caBundle`.
 */
export const sealOf = ({ cas, caKey }: Pick<Certificates, 'cas' | 'caKey'>): string =>
  createHmac('sha256', caKey).update(cas.join('')).digest('base64')

/**
 * The CAs in a Secret that are ours: all of them if the seal is valid, otherwise only the CA whose key we
 * have.
 */
export const ownCasOf = (
  { cas, caKey }: Pick<Certificates, 'cas' | 'caKey'>,
  seal: string
): readonly string[] => (seal === sealOf({ cas, caKey }) ? cas : cas.filter((ca) => isKeyOf(caKey, ca)))

function planCas(
  { cas = [], caKey = '' }: Partial<Certificates>,
  now: Date
): { cas: readonly string[]; caKey: string } {
  const good = cas.filter((ca) => isInDate(ca, now))
  const [newest] = good
  if (newest !== undefined && isKeyOf(caKey, newest) && ageOf(newest, now) < 0.8 * caLife)
    return { cas: good, caKey }

  const made = issueCa('irsa-guard-ca', validityOf(caLife, now))

  return { cas: [made.certificate, ...good], caKey: made.key }
}

function planServing(
  found: Issued | undefined,
  cas: readonly string[],
  caKey: string,
  hosts: readonly string[],
  now: Date
): Issued {
  const [newest = ''] = cas
  if (found !== undefined && isGoodServing(found, hosts, now)) {
    const signer = cas.find((ca) => isSignedBy(found, ca))
    if (signer === newest || (signer !== undefined && ageOf(newest, now) < overlap)) return found
  }

  return issueServing({ certificate: newest, key: caKey }, hosts, validityOf(servingLife, now))
}

function isGoodServing({ certificate, key }: Issued, hosts: readonly string[], now: Date): boolean {
  const parsed = parse(certificate)

  return (
    parsed !== undefined &&
    isKeyOf(key, certificate) &&
    isInDate(certificate, now) &&
    ageOf(certificate, now) < (servingLife * 2) / 3 &&
    hosts.every((host) => (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined)
  )
}

function isSignedBy({ certificate }: Issued, ca: string): boolean {
  const [leaf, issuer] = [parse(certificate), parse(ca)]

  return leaf !== undefined && issuer !== undefined && leaf.verify(issuer.publicKey)
}

function isKeyOf(key: string, certificate: string): boolean {
  try {
    return parse(certificate)?.checkPrivateKey(createPrivateKey(key)) ?? false
  } catch {
    return false // not a private key: a Secret can contain anything
  }
}

const validityOf = (life: number, now: Date): { from: Date; until: Date } => ({
  from: new Date(now.getTime() - backdated),
  until: new Date(now.getTime() + life)
})

const isInDate = (certificate: string, now: Date): boolean => {
  const parsed = parse(certificate)

  return parsed !== undefined && parsed.validFromDate <= now && now < parsed.validToDate
}

const ageOf = (certificate: string, now: Date): number =>
  now.getTime() - (parse(certificate)?.validFromDate.getTime() ?? 0)

function parse(certificate: string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate)
  } catch {
    return undefined // a Secret can contain anything; an invalid certificate is issued again
  }
}
