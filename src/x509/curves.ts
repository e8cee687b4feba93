import { bigIntOf } from './der.js'

/** A curve that Go supports in certificates. */
export interface Curve {
  readonly name: 'P-224' | 'P-256' | 'P-384' | 'P-521'
  /** The bytes before the point in a SubjectPublicKeyInfo. */
  readonly spkiPrefix: Buffer
  readonly fieldBytes: number
  readonly prime: bigint
  readonly b: bigint
}

// FIPS 186-4, appendix D.1.2; the coefficient `a` is -3 for all of these curves.
// OIDs: RFC 5480, section 2.1.1.1.
const curves: ReadonlyMap<string, Curve> = new Map([
  [
    '1.3.132.0.33',
    curve(
      'P-224',
      '304e301006072a8648ce3d020106052b81040021033a00',
      28,
      2n ** 224n - 2n ** 96n + 1n,
      'b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4'
    )
  ],
  [
    '1.2.840.10045.3.1.7',
    curve(
      'P-256',
      '3059301306072a8648ce3d020106082a8648ce3d030107034200',
      32,
      2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
      '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b'
    )
  ],
  [
    '1.3.132.0.34',
    curve(
      'P-384',
      '3076301006072a8648ce3d020106052b81040022036200',
      48,
      2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
      'b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef'
    )
  ],
  [
    '1.3.132.0.35',
    curve(
      'P-521',
      '30819b301006072a8648ce3d020106052b8104002303818600',
      66,
      2n ** 521n - 1n,
      '0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00'
    )
  ]
])

function curve(name: Curve['name'], spkiPrefix: string, fieldBytes: number, prime: bigint, b: string): Curve {
  return { name, spkiPrefix: Buffer.from(spkiPrefix, 'hex'), fieldBytes, prime, b: BigInt(`0x${b}`) }
}

export const curveOfOid = (oid: string): Curve | undefined => curves.get(oid)

/** Whether an uncompressed point (0x04, x, y) has the curve's length and lies on it. */
export function isOnCurve({ fieldBytes, prime, b }: Curve, point: Buffer): boolean {
  if (point.length !== 1 + 2 * fieldBytes) return false

  const x = bigIntOf(point.subarray(1, 1 + fieldBytes))
  const y = bigIntOf(point.subarray(1 + fieldBytes))

  return x < prime && y < prime && (y * y - (x * x * x - 3n * x + b)) % prime === 0n
}
