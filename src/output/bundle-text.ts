import { escapeText } from '../model/text.js'
import type { BundleReport } from '../x509/bundle-report.js'

/** A bundle's report for people. `patch` is the command that repairs it, when it was asked for. */
export function bundleTextOf(report: BundleReport, { name, patch }: { name: string | undefined; patch: string | undefined }): string {
  const { verdict, state, because, certificates, faults, served, repaired } = report
  const lines = [
    ...(name === undefined ? [] : [`webhook ${name}`]),
    ...(verdict === undefined
      ? []
      : verdict.accepted
        ? [`accepted: the API server will talk to ${verdict.host}`]
        : [`refused: the API server will not talk to ${verdict.host}: ${verdict.reason ?? ''}`, `  it says: ${verdict.go ?? ''}`]),
    ...(state === undefined ? [] : [`${state}: ${because ?? ''}`]),
    ...faults.flatMap(({ message, fix }) => [`wrong: ${message}`, `  fix: ${fix}`]),
    certificates.length === 0 ? 'the API server reads no certificate from it' : `the API server reads ${certificates.length} of it:`,
    ...certificates.flatMap(describe),
    ...(served.length === 0 ? [] : [`the server sends ${served.length}:`, ...served.flatMap(describe)])
  ].map(escapeText)
  const repair =
    patch === undefined || repaired === undefined ? [] : ['', Buffer.from(repaired, 'base64').toString('latin1').trimEnd(), '', patch]

  return `${[...lines, ...repair].join('\n')}\n`
}

function describe(certificate: BundleReport['certificates'][number]): string[] {
  const { subject, issuer, subjectKeyId, sha256, notBefore, notAfter, isCa, isSelfIssued, key, signs, isClusterCa } = certificate
  const marks = [
    isCa ? 'CA' : 'no CA',
    ...(isClusterCa === undefined ? [] : [isClusterCa ? 'current cluster CA' : 'not a current cluster CA']),
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
