/** Random numbers (mulberry32) that are the same for the same seed, so that a failure can be reproduced. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0

  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)

    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const pieces = [
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '-',
  '-----',
  '\n-----BEGIN ',
  '-----BEGIN CERTIFICATE-----',
  '\n-----END ',
  '-----END CERTIFICATE-----',
  '\n-----BEGIN CERTIFICATE-----\n',
  '\n-----END CERTIFICATE-----\n',
  '-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n',
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'Proc-Type: 4,ENCRYPTED\n',
  ':',
  'a: b\n\n',
  '=',
  '==',
  '\u0000',
  '\u00ef\u00bb\u00bf',
  '\\n',
  'AAAA',
  '#'
] as const

type Mutate = (text: string, random: (below: number) => number) => string

const mutations: readonly Mutate[] = [
  (text, random) => insert(text, random(text.length + 1), pieces[random(pieces.length)] ?? ''),
  (text, random) => insert(text, boundary(text, random), pieces[random(pieces.length)] ?? ''),
  (text, random) => cut(text, random(text.length + 1), random(4) + 1),
  (text, random) => cut(text, boundary(text, random), random(40) + 1),
  (text, random) => cut(text, random(text.length + 1), random(text.length + 1)),
  (text, random) =>
    insert(cut(text, random(text.length + 1), 1), random(text.length + 1), String.fromCharCode(random(256))),
  (text, random) => replaceOne(text, '\n', pieces[random(pieces.length)] ?? '', random),
  (text) => text.replaceAll('\n', '\r\n'),
  (text, random) =>
    text.replaceAll('\n', ['\r', ' ', '\\n', '\n ', '\n\n', ' \n', '\t\r\n', ''][random(8)] ?? ''),
  (text, random) => insert(text, random(text.length + 1), text.slice(random(text.length + 1))),
  (text) => text.replaceAll('-----\n-----', '----------'),
  (text, random) =>
    replaceOne(
      text,
      'CERTIFICATE',
      ['certificate', 'TRUSTED CERTIFICATE', 'PRIVATE KEY', '', 'CERTIFICATE '][random(5)] ?? '',
      random
    )
]

/** Corrupts PEM (as Latin-1) in one to four ways that people and programs do. */
export function mutateText(text: string, random: (below: number) => number): string {
  let mutated = text
  for (let times = random(4); times >= 0; times--)
    mutated = mutations[random(mutations.length)]?.(mutated, random) ?? mutated

  return mutated.slice(0, 100_000)
}

/**
 * Changes, removes or inserts one to three bytes of DER, more often near the beginning, where the structure
 * is.
 */
export function mutateBytes(bytes: Buffer, random: (below: number) => number): Buffer {
  let mutated = Buffer.from(bytes)
  for (let times = random(3); times >= 0; times--) {
    const at = random(random(2) === 0 ? mutated.length : Math.min(mutated.length, 200))
    const kind = random(4)
    if (kind === 0) mutated[at] = random(256)
    if (kind === 1) mutated[at] = (mutated[at] ?? 0) ^ (1 << random(8))
    if (kind === 2) mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1)])
    if (kind === 3)
      mutated = Buffer.concat([mutated.subarray(0, at), Buffer.from([random(256)]), mutated.subarray(at)])
  }

  return mutated
}

const insert = (text: string, at: number, piece: string): string => text.slice(0, at) + piece + text.slice(at)
const cut = (text: string, at: number, length: number): string => text.slice(0, at) + text.slice(at + length)

/** A random index just before or after five dashes. */
function boundary(text: string, random: (below: number) => number): number {
  const places = [...text.matchAll(/-----/g)].flatMap(({ index }) => [index, index + 5])

  return places[random(places.length + 1)] ?? 0
}

function replaceOne(
  text: string,
  wanted: string,
  replacement: string,
  random: (below: number) => number
): string {
  const places = [...text.matchAll(new RegExp(wanted, 'g'))].map(({ index }) => index)
  const at = places[random(places.length + 1)]

  return at === undefined ? text : text.slice(0, at) + replacement + text.slice(at + wanted.length)
}
