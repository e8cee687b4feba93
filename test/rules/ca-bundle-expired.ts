import { clusterCa, configurationWith } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const expired = pem(makeAuthority('old', { notAfter: new Date('2026-11-23T00:00:00Z') }).der)
const future = pem(makeAuthority('new', { notBefore: new Date('2026-11-25T00:00:00Z') }).der)

export const cases: readonly Case[] = [
  { why: 'valid', object: configurationWith(pem(clusterCa.der)) },
  {
    why: 'expired',
    object: configurationWith(expired),
    message:
      /^no certificate in the caBundle of webhook \S+ is currently valid: a certificate has expired: CN=old/,
    fix: /current CA/
  },
  {
    why: 'not yet valid',
    object: configurationWith(future),
    message: /a certificate is not yet valid: CN=new/
  },
  {
    why: 'an injector will replace it',
    object: {
      ...configurationWith(expired),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    }
  },
  {
    why: 'an injector has not replaced it',
    object: {
      ...configurationWith(expired),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    },
    stage: 'running',
    message: /has expired: CN=old/
  },
  { why: 'one of two certificates', object: configurationWith(expired + pem(clusterCa.der)) },
  { why: 'no readable certificate', object: configurationWith('x') }
]
