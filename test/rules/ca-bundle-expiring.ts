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
    fix: /^once the cluster has its next CA, write all current cluster CAs .* --cluster-ca FILE --fix/,
    severity: 'warning'
  },
  {
    why: 'a webhook that is not guarded',
    object: configurationWith(until('2026-12-23'), { name: 'a.b.c' }),
    message: /expires within 30 days/,
    fix: /^add the next CA certificate before the current one expires$/
  },
  {
    why: 'an injector fills it in',
    stage: 'running',
    object: {
      ...configurationWith(until('2026-12-23'), { name: 'a.b.c' }),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    },
    message: /expires within 30 days/,
    fix: /^renew the CA that cert-manager\.io\/inject-ca-from refers to; cert-manager then fills in the bundle$/,
    count: 1
  },
  {
    why: 'an injector will replace it',
    object: {
      ...configurationWith(until('2026-12-23'), { name: 'a.b.c' }),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    }
  },
  {
    why: 'our own webhook',
    object: configurationWith(until('2026-12-23'), { name: 'validate.irsa-guard.io' }),
    message: /expires within 30 days/,
    fix: /irsa-guard-controller is running/
  },
  {
    why: 'our own webhook, with a certificate from cert-manager',
    object: {
      ...configurationWith(until('2026-12-23'), { name: 'validate.irsa-guard.io' }),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    },
    stage: 'running',
    message: /expires within 30 days/,
    fix: /^renew the CA that cert-manager\.io\/inject-ca-from refers to/
  },
  {
    why: 'an expired certificate next to the current one',
    object: configurationWith(until('2026-11-01') + pem(clusterCa.der)),
    message: /has expired: CN=old/,
    fix: /^remove it, because the bundle contains a valid one$/,
    severity: 'info'
  },
  {
    why: 'an expiring certificate next to the next one',
    object: configurationWith(until('2026-12-23') + pem(clusterCa.der)),
    message: /expires within 30 days: CN=old/,
    fix: /^remove it once it no longer signs any serving certificate; the bundle already contains the next one$/,
    severity: 'info'
  },
  {
    why: 'an expired certificate next to an expiring one',
    object: configurationWith(until('2026-11-01') + until('2026-12-23')),
    message: /expires within 30 days: CN=old/,
    fix: /next CA/,
    severity: 'warning'
  },
  { why: 'all expired, which another rule reports', object: configurationWith(until('2026-11-01')) }
]
