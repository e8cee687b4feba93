import type { AcceptedBundles } from '../ca-bundle/accepted-texts.js'
import { diagnoseBundle } from '../ca-bundle/diagnose.js'
import { webhooksOf } from '../model/webhook-configuration.js'
import { type Certificate, isInDate } from '../x509/certificate.js'
import { describeCertificate } from '../x509/describe.js'
import { judgeTls } from '../x509/judge-tls.js'
import { formatTime } from '../x509/time.js'
import { type Check, type Installation, type LiveObject, type Reading, unreadCheck } from './check.js'

/** Whether the controller issues the certificate and writes the caBundle: `tls.managed` in the configuration. */
interface Managed {
  readonly isManaged: boolean
}

/**
 * Checks the caBundles of irsa-guard's own webhooks: each must contain a certificate that is valid now. If
 * the controller issues the certificates, each caBundle must also be one that the controller published.
 */
export function judgeOwnBundle(
  configuration: Reading<LiveObject | undefined>,
  published: Reading<readonly AcceptedBundles[] | undefined>,
  { kubectl, namespace, at, isManaged }: Installation & Managed
): Check {
  const check = 'webhook-ca'
  if (configuration.state === 'unknown')
    return unreadCheck(check, 'the caBundles could not be read', configuration.because, {
      kubectl,
      right: 'get validatingwebhookconfigurations.admissionregistration.k8s.io/irsa-guard'
    })
  const webhooks = configuration.value === undefined ? [] : webhooksOf(configuration.value)
  if (webhooks.length === 0)
    return { check, state: 'wrong', message: 'there is no webhook, so there is no caBundle' }

  const fix = isManaged
    ? `${kubectl} -n ${namespace} logs deployment/irsa-guard-controller --tail=50   # the controller writes the caBundle`
    : `${kubectl} get validatingwebhookconfiguration irsa-guard -o yaml   # write the CA of your certificate to caBundle: docs/certificates.md`
  const wrong = (message: string): Check => ({
    check,
    state: 'wrong',
    message,
    because: 'the API server cannot call irsa-guard, so every request is admitted unchecked',
    fix
  })
  const faults = webhooks.flatMap(({ name, caBundle }) => {
    const fault = bundleFault(caBundle, at)
    return fault === undefined ? [] : [`${name}: ${fault}`]
  })
  if (faults.length > 0) return wrong(faults.join('; '))

  // If users provide the certificates, the controller may not know every CA.
  const entries = isManaged && published.state === 'known' ? (published.value ?? []) : []
  const refused = webhooks.filter(({ name, caBundle = '' }) =>
    entries.some(
      (entry) => entry.name === name && entry.accepted.length > 0 && !entry.accepted.includes(caBundle)
    )
  )
  if (refused.length > 0)
    return wrong(
      `${refused.map(({ name }) => name).join(', ')}: the caBundle is not one that the controller published`
    )
  const cas = certificatesOf(webhooks[0]?.caBundle, at)
  const names = cas.map((ca) => `${describeCertificate(ca)} until ${formatTime(ca.notAfter)}`)

  return { check, state: 'ok', message: `trusts ${names.join(', ')}` }
}

function bundleFault(caBundle: string | undefined, at: Date): string | undefined {
  if (caBundle === undefined) return 'there is no caBundle'
  const certificates = certificatesOf(caBundle, at)
  if (certificates.length === 0) return 'the API server can read no certificate in the caBundle'
  if (certificates.some((certificate) => isInDate(certificate, at))) return undefined
  const [first] = certificates

  return `no certificate in the caBundle is valid now (${formatTime(first?.notBefore ?? 0)} to ${formatTime(first?.notAfter ?? 0)})`
}

const certificatesOf = (caBundle: string | undefined, at: Date): readonly Certificate[] =>
  diagnoseBundle(caBundle ?? '', at).bundle?.certificates ?? []

/** The certificates that a webhook serves (PEM, leaf first), and the host name that the API server calls. */
export interface ServedChain {
  readonly chain: string
  readonly host: string
}

/** What is known about the serving certificate: the certificate, or only its expiry, from a metric of `serve`. */
export type ServedCertificate = ServedChain | { readonly until: Date }

// The controller renews the certificate after 60 of its 90 days.
const renewalIsLate = 25 * 86_400_000

/**
 * Checks whether the API server accepts irsa-guard's serving certificate, and whether the certificate was
 * renewed in time.
 */
export function judgeServingCertificate(
  served: Reading<ServedCertificate>,
  caBundle: string | undefined,
  { kubectl, namespace, at, isManaged }: Installation & Managed
): Check {
  const check = 'serving-certificate'
  if (served.state === 'unknown') {
    return {
      check,
      state: 'unknown',
      message: 'the certificate that serve presents could not be read',
      because: served.because,
      fix: `${kubectl} -n ${namespace} get secret ${isManaged ? 'irsa-guard-serving-cert' : 'SECRET'} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -issuer -dates -ext subjectAltName`
    }
  }
  const renew = isManaged
    ? `${kubectl} -n ${namespace} rollout restart deployment irsa-guard-controller irsa-guard-serve`
    : `${kubectl} -n ${namespace} get deployment irsa-guard-serve -o jsonpath='{.spec.template.spec.volumes[?(@.name=="serving-cert")].secret.secretName}'   # renew the certificate in this Secret: docs/certificates.md`
  const late = (until: number): Check | undefined =>
    until - at.getTime() < (isManaged ? renewalIsLate : 0)
      ? {
          check,
          state: 'wrong',
          message: `valid until ${formatTime(until)}, and not renewed`,
          because: isManaged
            ? 'the controller renews it 30 days before it expires; it is not running, or serve has not loaded the new one'
            : 'tls.managed is false, so you or cert-manager must renew it',
          fix: renew
        }
      : undefined
  if ('until' in served.value) {
    const until = served.value.until.getTime()
    const message = `valid until ${formatTime(until)}, according to a metric of serve; the certificate itself could not be read`
    return late(until) ?? { check, state: 'ok', message }
  }
  const verdict = judgeTls({ caBundle: caBundle ?? '', ...served.value, at })
  const [leaf] = verdict.served
  if (!verdict.accepted) {
    const message = `the API server rejects it: ${verdict.refusal.reason}`
    return { check, state: 'wrong', message, because: verdict.refusal.go, fix: renew }
  }
  const until = leaf?.notAfter ?? 0
  const message = `valid until ${formatTime(until)}, and the API server accepts it for ${served.value.host}`

  return late(until) ?? { check, state: 'ok', message }
}
