import { parseCaBundle } from '../../x509/bundle.js'
import type { Certificate } from '../../x509/certificate.js'
import { goMinorOf } from '../../x509/go-version.js'
import { buildPool } from '../../x509/pool.js'
import type { Rotation } from '../rotation.js'
import { holdsCa } from '../same-ca.js'
import { signsServed } from '../signs-served.js'
import { type BundleHolder, holderName } from './bundle-holders.js'
import { bundleFixOf } from './bundle-patch.js'
import { listOfCas, missingFrom } from './missing-cas.js'
import type { JudgedRow, PreflightRow } from './row.js'

/** Judges one `caBundle`. `kubectl` is the beginning of each command. Never throws. */
export function judgeBundle(holder: BundleHolder, rotation: Rotation, kubectl: string): JudgedRow {
  const certificates = certificatesIn(holder)
  const judged = judgeCertificates(holder, certificates, rotation)
  const row: PreflightRow = { subject: subjects[holder.kind], name: holderName(holder), ...judged }

  return {
    row,
    fix: row.state === 'lacks' ? bundleFixOf(holder, certificates, rotation, kubectl) : undefined
  }
}

const subjects = {
  MutatingWebhookConfiguration: 'webhook',
  ValidatingWebhookConfiguration: 'webhook',
  APIService: 'api-service',
  CustomResourceDefinition: 'crd-conversion'
} as const satisfies Record<BundleHolder['kind'], PreflightRow['subject']>

/** The certificates that the API server reads from the bundle, without duplicates. */
const certificatesIn = ({ caBundle }: BundleHolder): readonly Certificate[] =>
  caBundle === undefined
    ? []
    : buildPool(parseCaBundle(caBundle, goMinorOf(undefined))?.certificates ?? []).certificates

type Judgement = Pick<PreflightRow, 'state' | 'message' | 'rollback'>

function judgeCertificates(
  holder: BundleHolder,
  certificates: readonly Certificate[],
  rotation: Rotation
): Judgement {
  const { place, caBundle, isUnverified } = holder
  const isOfCluster = place === 'control-plane'
  const unusable = (message: string): Judgement => ({
    state: isOfCluster ? 'lacks' : 'unknown',
    message: isOfCluster ? `${message}; ${effectOf(holder, 'now')}` : message
  })
  if (isUnverified)
    return { state: 'ok', message: 'insecureSkipTLSVerify is set, so the API server verifies no certificate' }
  if (caBundle === undefined)
    return isOfCluster
      ? unusable('it has no caBundle')
      : {
          state: 'ok',
          message: 'it has no caBundle, so the API server trusts the root CAs of its own system'
        }
  if (certificates.length === 0) return unusable('the API server can read no certificate in its caBundle')

  const held = rotation.trusted.filter((ca) => holdsCa(certificates, ca))
  if (held.length === 0 && !isOfCluster && !signsAny(certificates, rotation.trusted))
    return { state: 'ok', message: `it has a CA of its own: ${listOfCas(certificates)}` }

  return judgeMissing(holder, certificates, held, rotation)
}

/** Judges a bundle that is meant to contain the cluster's CAs. */
function judgeMissing(
  holder: BundleHolder,
  certificates: readonly Certificate[],
  held: readonly Certificate[],
  rotation: Rotation
): Judgement {
  const { now, next, afterRollback } = missingFrom(certificates, rotation)
  const contains = `it contains ${listOfCas(held.length > 0 ? held : certificates)}`
  const missing = [...now, ...next]
  if (missing.length === 0)
    return {
      state: 'ok',
      message: contains,
      ...(afterRollback.length > 0 && {
        rollback: `it lacks ${listOfCas(afterRollback)}: ${effectOf(holder, 'after a rollback')}`
      })
    }
  // AWS updates the bundle before or at the activation, so a missing CA matters only if it already signs.
  if (holder.isUpdatedByAws && now.length === 0)
    return {
      state: 'ok',
      message: `${contains}; AWS updates this bundle (it lacks ${listOfCas(next)} so far)`
    }
  // The bundle also works if the server sends the certificate of the missing CA along with its own.
  if (missing.every((ca) => signsAny(certificates, [ca])))
    return {
      state: 'unknown',
      message: `${contains}, which signed ${listOfCas(missing)}; the bundle works only if the server sends the certificate of that CA, too`
    }

  return {
    state: 'lacks',
    message: `${contains} and lacks ${listOfCas(missing)}: ${effectOf(holder, now.length > 0 ? 'now' : 'next')}`
  }
}

/** Whether one of these certificates signed one of these CAs. */
const signsAny = (certificates: readonly Certificate[], cas: readonly Certificate[]): boolean =>
  cas.some((ca) => {
    const signs = signsServed([ca])

    return certificates.some((certificate) => signs(certificate) === true)
  })

/**
 * What happens if the bundle lacks the CA. The activation does not replace the certificate of a server that
 * runs outside the control plane. That server gets one from the new CA when its certificate is renewed:
 * https://docs.aws.amazon.com/eks/latest/userguide/cert-signing.html
 */
function effectOf(
  { kind, place, failurePolicy }: BundleHolder,
  when: 'now' | 'next' | 'after a rollback'
): string {
  const since = {
    now: place === 'elsewhere' ? 'once its server has a certificate from the current CA' : 'at present',
    next:
      place === 'elsewhere'
        ? 'when the certificate of its server is renewed after the activation'
        : 'after the activation',
    'after a rollback': place === 'elsewhere' ? 'when its certificate is renewed after a rollback' : when
  }[when]
  if (kind === 'APIService') return `${since}, the API server answers 503 for its group`
  if (kind === 'CustomResourceDefinition')
    return `${since}, only the stored version of its objects can be read and written`
  if (failurePolicy === 'Fail') return `${since}, every request that it matches is denied`

  return place === 'control-plane'
    ? `${since}, new pods start without their role, and no error shows this`
    : `${since}, requests pass without the webhook, and no error shows this`
}
