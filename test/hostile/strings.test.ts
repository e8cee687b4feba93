// One string of a tenant must not keep other reviews waiting: whatever reads it costs linear time.
import t from 'tap'
import { growthOf } from './growth.js'
import { places } from './places.js'

// Openers of patterns in src/ and of the formats that are read, and what such patterns repeat.
const pieces: readonly string[] = [
  ...[
    'a',
    'A',
    '0',
    '1e',
    '.',
    'a.',
    'a-',
    '-',
    '/',
    '//',
    '/a',
    'a/b ',
    ':',
    '::',
    '_',
    'é',
    '=',
    '--a=',
    '@',
    '+',
    '0-',
    'T0',
    'Z'
  ],
  ...[
    'arn:',
    'arn:aws:iam::',
    'arn:aws-a',
    'arn:aws:iam::111122223333:role/',
    ':oidc-provider/',
    'https://',
    ':443',
    'role'
  ],
  ...[' ', '\t', '\n', '\r', '\r\n', ' \n', '\n ', '\u200b', '\ufeff', '\u2028', '\ud800', '\u0000'],
  ...[
    ',',
    'a,',
    '"',
    '""',
    '\\"',
    '\\',
    '\\n',
    "'",
    '`',
    '*',
    '?',
    '*a',
    '*?',
    'a?',
    '*a?',
    '$',
    '${',
    '$(',
    '${a}',
    '{',
    '{{',
    '{{ }}'
  ],
  ...[
    '}}',
    '<',
    '<a',
    '>',
    '%',
    '%A',
    '%2',
    '%25',
    '[',
    '](',
    ']',
    '(',
    '&a ',
    '*a ',
    '- ',
    '? ',
    '!a ',
    '# ',
    '|\n',
    'a: ',
    '- a\n',
    '---\n'
  ],
  ...[
    'until ',
    'until:',
    '2027-01-01:',
    'ignore.irsa-guard.io/',
    'eks.amazonaws.com/',
    'system:serviceaccount:'
  ],
  ...[
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----\n',
    '-----END CERTIFICATE-----\n',
    '\n-----BEGIN ',
    '\n-----END '
  ],
  ...[
    '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
    '{"a":',
    '{"a":1}',
    '[]',
    '"a",',
    'x y '
  ],
  ...[
    '169.254.170.23 ',
    'calling webhook "',
    ' is not authorized to perform: ',
    'arn:aws:sts::111122223333:assumed-role/',
    '2026-11-24T08:12:31Z\n'
  ]
]

const frames: readonly ((repeated: string) => string)[] = [
  (repeated) => `${repeated}!`,
  (repeated) => `arn:aws:iam::111122223333:role/${repeated}\u0001`
]

/** 16,384 repetitions, within 32 and 128 KiB: enough for quadratic work to be seen, and no more. */
const sizeFor = (piece: string): number => Math.min(131_072, Math.max(32_768, 16_384 * piece.length))

for (const { name, read, isSlow } of places) {
  t.test(`twice the text takes less than three times the work: ${name}`, async (t) => {
    await read('a') // compiled once
    for (const piece of pieces) {
      const size = isSlow ? 8_192 : sizeFor(piece)
      for (const frame of isSlow ? [(repeated: string) => repeated] : frames) {
        const growth = await growthOf(
          (size) => read(frame(piece.repeat(Math.ceil(size / piece.length)))),
          size
        )
        if (growth >= 3)
          t.fail(`${JSON.stringify(piece)} repeated: ${growth.toFixed(1)} times the work for twice the text`)
      }
    }
    t.pass(`${pieces.length} pieces`)
  })
}
