import { clusterCa, configurationWith, expectedFrom, otherCa, published } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const one = pem(clusterCa.der)
const both = one + pem(otherCa.der)
const facts = { clusterCa: expectedFrom(both) }

export const cases: readonly Case[] = [
  { why: 'both CAs', object: configurationWith(both), facts },
  {
    why: 'only one CA',
    object: configurationWith(one),
    facts,
    message: /lacks a current cluster CA: it contains CN=kubernetes .* and lacks CN=kubernetes/,
    fix: /all current/,
    severity: 'warning'
  },
  {
    why: 'a CA that the cluster no longer trusts',
    object: configurationWith(both),
    facts: { clusterCa: published([one, both], [one]) },
    message: /contains CN=kubernetes .*, which the cluster no longer trusts$/,
    fix: /^remove it/,
    severity: 'warning'
  }
]
