import { readBundle, readCaBundle, type Bundle } from './bundle.js'
import type { Certificate } from './certificate.js'
import { diagnoseBundle } from './diagnose.js'
import { goMinorOf } from './go-version.js'
import { buildPool } from './pool.js'

/** The base64 texts of a `caBundle` that are right. */
export interface AcceptedTexts {
  readonly accepted: readonly string[]
  /** Those of them that hold every current CA. */
  readonly complete: readonly string[]
}

/**
 * Every way to write the current CAs (PEM) that someone is likely to choose, as the exact base64 texts that a policy can compare:
 * each choice of up to three CAs in each order (of more: each alone, each pair, and all as published), with LF and CRLF, with and
 * without the last line end; besides, the published text and the text in place (`inPlace`, base64), when every certificate of it
 * is a current CA and Go reads all of them.
 */
export function acceptedTexts(currentCas: string, options: { inPlace?: string | undefined; go?: string | undefined } = {}): AcceptedTexts {
  const published = Buffer.from(currentCas)
  const current = buildPool(readBundle(published, goMinorOf(options.go)).certificates).certificates
  const accepted = new Set<string>()
  const complete = new Set<string>()
  const add = (text: string, isComplete: boolean): void => {
    accepted.add(text)
    if (isComplete) complete.add(text)
  }

  for (const choice of choicesOf(current)) {
    for (const lineEnd of ['\n', '\r\n']) {
      const blocks = choice.map((certificate) => pemOf(certificate, lineEnd)).join(lineEnd)
      for (const last of [lineEnd, '']) add(Buffer.from(blocks + last).toString('base64'), choice.length === current.length)
    }
  }
  for (const text of [published.toString('base64'), options.inPlace]) {
    if (text === undefined || !isMadeOf(text, current, options.go)) continue
    add(text, holdsAll(readCaBundle(text, goMinorOf(options.go)), current))
  }

  return { accepted: [...accepted], complete: [...complete] }
}

// etcd takes objects of up to 1.5 MiB; with nine CAs the pairs alone would fill one.
const mostForPairs = 8

function choicesOf(current: readonly Certificate[]): (readonly Certificate[])[] {
  if (current.length === 0) return []

  const alone = current.map((certificate) => [certificate])
  const pairs =
    current.length > mostForPairs ? [] : current.flatMap((one) => current.filter((other) => other !== one).map((other) => [one, other]))
  if (current.length === 1) return alone
  if (current.length === 2) return [...alone, ...pairs]
  if (current.length > 3) return [...alone, ...pairs, current]

  const triples = pairs.flatMap((pair) => current.filter((third) => !pair.includes(third)).map((third) => [...pair, third]))

  return [...alone, ...pairs, ...triples]
}

/** A certificate as a PEM block without the last line end. */
export function pemOf({ raw }: Certificate, lineEnd = '\n'): string {
  return ['-----BEGIN CERTIFICATE-----', ...(raw.toString('base64').match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----'].join(lineEnd)
}

/** Whether a text holds current CAs and nothing else, and Go reads all that stands in it. */
function isMadeOf(text: string, current: readonly Certificate[], go: string | undefined): boolean {
  const { bundle, faults } = diagnoseBundle(text, new Date(0), go)
  if (bundle === undefined || bundle.certificates.length === 0 || bundle.certificates.length < bundle.entries.length) return false

  // the moment does not matter here: only faults that lose a block do
  const isWhole = faults.every(({ kind }) => ['expired', 'not-yet-valid', 'expiring', 'leaf', 'duplicate'].includes(kind))

  return isWhole && bundle.certificates.every((certificate) => current.some(({ raw }) => raw.equals(certificate.raw)))
}

function holdsAll(bundle: Bundle | undefined, current: readonly Certificate[]): boolean {
  return current.every(({ raw }) => bundle?.certificates.some((certificate) => certificate.raw.equals(raw)))
}
