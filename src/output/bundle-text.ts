import type { BundleReport } from '../ca-bundle/report.js'
import { escapeText } from '../text/escape.js'

/** A bundle's report for people. `patch` is the command that repairs it, when it was asked for. */
export function bundleTextOf(
  report: BundleReport,
  { name, patch }: { name: string | undefined; patch: string | undefined }
): string {
  const { verdict, state, because, doubt, source, confirmedAt, certificates, faults, served, repaired } =
    report
  const lines = [
    ...(name === undefined ? [] : [`webhook ${name}`]),
    ...(verdict === undefined ? [] : verdictLines(verdict)),
    ...(state === undefined ? [] : [`${state === 'unknown' ? 'could not tell' : state}: ${because ?? ''}`]),
    ...(doubt === undefined || state === 'unknown' ? [] : [`warning: ${doubt}`]),
    ...(source === undefined ? [] : [`its injector takes the CA from: ${source}`]),
    ...(confirmedAt === undefined
      ? []
      : [`which CA is right is published in the WebhookTrust cluster, confirmed at ${confirmedAt}`]),
    ...faults.flatMap(({ severity, message, fix }) => [
      `${severity === 'error' ? 'wrong' : 'warning'}: ${message}`,
      `  fix: ${fix}`
    ]),
    ...(certificates.length > 0
      ? [`the API server reads ${certificates.length} of it:`]
      : [nothingReadText(report)]),
    ...certificates.flatMap(describe),
    ...(served.length === 0
      ? []
      : [
          `the ${verdict?.of === 'api-server' ? 'API server' : 'server'} sends ${served.length}:`,
          ...served.flatMap(describe)
        ])
  ].map(escapeText)
  const repair =
    patch === undefined || repaired === undefined
      ? []
      : ['', Buffer.from(repaired, 'base64').toString('latin1').trimEnd(), '', patch]

  return `${[...lines, ...repair].join('\n')}\n`
}

/** What an API server does with a bundle without certificates: only one that is not even empty has faults. */
const nothingReadText = ({ faults, state, verdict }: BundleReport): string =>
  faults.length > 0 || state !== undefined || verdict !== undefined
    ? 'the API server reads no certificate from it'
    : 'it is empty, so the API server trusts the roots of its own system only'

function verdictLines({
  accepted,
  host,
  of,
  reason = '',
  go = ''
}: NonNullable<BundleReport['verdict']>): string[] {
  const beside = 'a CA of the cluster signs for the API server and for the webhook beside it'
  if (accepted) {
    return [
      of === undefined
        ? `accepted: the API server will talk to ${host}`
        : `accepted: it trusts the CA that signs now (${beside})`
    ]
  }

  return [
    of === undefined
      ? `refused: the API server will not talk to ${host}: ${reason}`
      : `refused: it does not trust the CA that signs now (${beside}): ${reason}`,
    `  it says: ${go}`
  ]
}

function describe(certificate: BundleReport['certificates'][number]): string[] {
  const { subject, issuer, subjectKeyId, sha256, notBefore, notAfter, isCa, isSelfIssued, key, signs } =
    certificate
  const { isClusterCa, isInjectedCa, isPublishedCa } = certificate
  const marks = [
    isCa ? 'CA' : 'no CA',
    ...(isClusterCa === undefined ? [] : [isClusterCa ? 'current cluster CA' : 'not a current cluster CA']),
    ...(isInjectedCa === undefined ? [] : [isInjectedCa ? "the injector's CA" : "not the injector's CA"]),
    ...(isPublishedCa === undefined ? [] : [isPublishedCa ? 'published as right' : 'not published as right']),
    ...(signs === undefined ? [] : [signs ? 'signs what is served' : 'does not sign what is served'])
  ]

  return [
    `- ${subject} (${marks.join(', ')})`,
    ...(isSelfIssued ? [] : [`  issuer   ${issuer}`]),
    `  key      ${key}, identifier ${subjectKeyId ?? 'none'}`,
    `  valid    ${notBefore} to ${notAfter}`,
    `  SHA-256  ${sha256}`
  ]
}
