import t from 'tap'
import { acceptedTexts } from '../../src/ca-bundle/accepted-texts.js'
import { base64, makeAuthority, pem } from '../support/certificates.js'

const texts = Array.from({ length: 10 }, (_, index) => pem(makeAuthority(`ca ${index}`).der))
const [one = '', two = '', three = ''] = texts

t.test('lists each choice in each order, with every line end', async (t) => {
  const numbers = ([count, accepted, complete]: readonly [number, number, number]): void => {
    const answer = acceptedTexts(texts.slice(0, count).join(''))
    t.equal(answer.accepted.length, accepted, `${count} CAs: accepted`)
    t.equal(answer.complete.length, complete, `${count} CAs: complete`)
    t.ok(answer.complete.every((text) => answer.accepted.includes(text)))
  }
  // four texts for each choice: LF and CRLF, with and without the last line end
  for (const row of [
    [0, 0, 0],
    [1, 4, 4],
    [2, 16, 8],
    [3, 60, 24],
    [4, 68, 4],
    [10, 44, 4]
  ] as const)
    numbers(row)
  const { accepted } = acceptedTexts(one + two)
  for (const text of [one, two, one + two, two + one, one.trimEnd(), (two + one).replaceAll('\n', '\r\n')])
    t.ok(accepted.includes(base64(text)))
})

t.test('adds the text in place and the published one when they are right', async (t) => {
  const isAccepted = (inPlace: string, current = one + two): [accepted: boolean, complete: boolean] => {
    const { accepted, complete } = acceptedTexts(current, { inPlace: base64(inPlace) })
    return [accepted.includes(base64(inPlace)), complete.includes(base64(inPlace))]
  }
  t.strictSame(isAccepted(`# the cluster CA\n${one}`), [true, false], 'with a comment')
  t.strictSame(isAccepted(`# both\n${two}\n\n${one}`), [true, true])
  t.strictSame(isAccepted(one + three), [false, false], 'an unknown CA beside')
  t.strictSame(
    isAccepted(`# a\n${one}${two.replace('-----END', ' -----END')}`),
    [false, false],
    'a block that Go does not read'
  )
  t.strictSame(
    isAccepted(`# a\n${one}${pem(Buffer.from('x'), 'PRIVATE KEY')}`),
    [false, false],
    'a private key beside'
  )
  t.strictSame(isAccepted('rubbish'), [false, false])
  t.strictSame(isAccepted(''), [false, false])
  const published = `# published\n${one}`
  t.ok(acceptedTexts(published).complete.includes(base64(published)), 'as published')
  t.equal(acceptedTexts(one, { inPlace: '%' }).accepted.length, 4, 'not base64')
})
