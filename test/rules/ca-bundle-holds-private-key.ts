import { clusterCa, configurationWith } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const good = pem(clusterCa.der)
const key = pem(Buffer.from('a key'), 'EC PRIVATE KEY')

export const cases: readonly Case[] = [
  { why: 'no private key', object: configurationWith(good) },
  {
    why: 'a private key after the certificate',
    object: configurationWith(good + key),
    message: /contains a private key, and anyone who can read the object can read the key/,
    fix: /generate a new one/,
    severity: 'warning'
  },
  {
    why: 'a private key that Go does not see',
    object: configurationWith(good + key.replace(/^/gm, ' ')),
    message: /contains a private key/,
    severity: 'warning'
  }
]
