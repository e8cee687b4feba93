import type { BundleReport } from '../ca-bundle/report.js'
import { escapeText } from '../text/escape.js'

/** A bundle's report as text. `patch` is the command that repairs it, if it was requested. */
export function bundleTextOf(
  report: BundleReport,
  { name, patch }: { name: string | undefined; patch: string | undefined }
): string {
  const {
    verdict,
    state,
    because,
    doubt,
    source,
    confirmedAt,
    certificates,
    faults,
    policy,
    served,
    repaired
  } = report
  const lines = [
    ...(name === undefined ? [] : [`webhook ${name}`]),
    ...(verdict === undefined ? [] : verdictLines(verdict)),
    ...(state === undefined ? [] : [`${state === 'unknown' ? 'undetermined' : state}: ${because ?? ''}`]),
    ...(doubt === undefined || state === 'unknown' ? [] : [`warning: ${doubt}`]),
    ...(source === undefined ? [] : [`the injector takes the CA from: ${source}`]),
    ...(confirmedAt === undefined
      ? []
      : [`expected CA: from WebhookTrust "cluster", confirmed at ${confirmedAt}`]),
    ...faults.flatMap(({ severity, message, fix }) => [`${severity}: ${message}`, `  fix: ${fix}`]),
    ...(policy === undefined
      ? []
      : [
          `policy: irsa-guard's caBundle policy ${policy.action === 'denies' ? 'denies' : 'warns about'} writing this bundle to a guarded webhook: ${policy.because}`,
          ...(repaired === undefined ? [] : ['  fix: write the bundle that --fix prints'])
        ]),
    ...(certificates.length > 0
      ? [`certificates the API server can read (${certificates.length}):`]
      : [nothingReadText(report)]),
    ...certificates.flatMap(describeCertificateLines),
    ...(served.length === 0
      ? []
      : [
          `certificates that the ${verdict?.of === 'api-server' ? 'API server' : 'server'} presents (${served.length}):`,
          ...served.flatMap(describeCertificateLines)
        ])
  ].map(escapeText)
  const repair =
    patch === undefined || repaired === undefined
      ? []
      : ['', Buffer.from(repaired, 'base64').toString('latin1').trimEnd(), '', patch]

  return `${[...lines, ...repair].join('\n')}\n`
}

/** What the API server does with a bundle that has no certificates. An empty bundle has no faults. */
const nothingReadText = ({ faults, state, verdict }: BundleReport): string =>
  faults.length > 0 || state !== undefined || verdict !== undefined
    ? 'the API server cannot read any certificate in the bundle'
    : 'the bundle is empty, so the API server trusts only the root CAs of its own system'

function verdictLines({
  accepted,
  host,
  of,
  reason = '',
  go = ''
}: NonNullable<BundleReport['verdict']>): string[] {
  const beside = 'one cluster CA signs for both the API server and the webhook next to it'
  if (accepted) {
    return [
      of === undefined
        ? `accepted: the API server will connect to ${host}`
        : `accepted: the bundle contains the CA that signs now (${beside})`
    ]
  }

  return [
    of === undefined
      ? `rejected: the API server will not connect to ${host}: ${reason}`
      : `rejected: the bundle does not contain the CA that signs now (${beside}): ${reason}`,
    `  Go error: ${go}`
  ]
}

function describeCertificateLines(certificate: BundleReport['certificates'][number]): string[] {
  const { subject, issuer, subjectKeyId, sha256, notBefore, notAfter, isCa, isSelfIssued, key, signs } =
    certificate
  const { isClusterCa, isInjectedCa, isPublishedCa } = certificate
  const marks = [
    isCa ? 'CA' : 'not a CA',
    ...(isClusterCa === undefined ? [] : [isClusterCa ? 'current cluster CA' : 'not a current cluster CA']),
    ...(isInjectedCa === undefined ? [] : [isInjectedCa ? "the injector's CA" : "not the injector's CA"]),
    ...(isPublishedCa === undefined
      ? []
      : [isPublishedCa ? 'in the WebhookTrust' : 'not in the WebhookTrust']),
    ...(signs === undefined
      ? []
      : [signs ? 'signs the served certificate' : 'does not sign the served certificate'])
  ]

  return [
    `- ${subject} (${marks.join(', ')})`,
    ...(isSelfIssued ? [] : [`  issuer   ${issuer}`]),
    `  key      ${key}, identifier ${subjectKeyId ?? 'none'}`,
    `  valid    ${notBefore} to ${notAfter}`,
    `  SHA-256  ${sha256}`
  ]
}
