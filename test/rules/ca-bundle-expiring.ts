import { clusterCa, configurationWith } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const until = (day: string): string =>
  pem(makeAuthority('old', { notAfter: new Date(`${day}T00:00:00Z`) }).der)

export const cases: readonly Case[] = [
  { why: 'valid', object: configurationWith(pem(clusterCa.der)) },
  { why: 'expires in 31 days', object: configurationWith(until('2026-12-25')) },
  {
    why: 'expires in 29 days',
    object: configurationWith(until('2026-12-23')),
    message: /expires within 30 days: CN=old .*2026-12-23/,
    fix: /next CA/,
    severity: 'warning'
  },
  {
    why: 'an expired certificate next to a valid one',
    object: configurationWith(until('2026-11-01') + pem(clusterCa.der)),
    message: /has expired: CN=old/,
    severity: 'warning'
  },
  { why: 'all expired, which another rule reports', object: configurationWith(until('2026-11-01')) }
]
