import { moot } from '../../src/model/fact.js'
import { clusterCa, configurationWith, expectedFrom, otherCa, published } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const facts = { clusterCa: expectedFrom(pem(clusterCa.der)) }
const foreign = pem(otherCa.der)
const both = pem(clusterCa.der) + foreign
const fix = /irsa-guard ca/

export const cases: readonly Case[] = [
  { why: 'the cluster CA', object: configurationWith(pem(clusterCa.der)), facts },
  {
    why: 'the cluster CA, renewed with the same key',
    object: configurationWith(
      pem(makeAuthority('kubernetes', { key: clusterCa.key, serial: Buffer.from([9]) }).der)
    ),
    facts
  },
  { why: 'the cluster CA and another', object: configurationWith(foreign + pem(clusterCa.der)), facts },
  {
    why: 'a different CA with the same name',
    object: configurationWith(foreign),
    facts,
    message:
      /does not contain the cluster CA, so the API server's calls to this webhook fail: it contains CN=kubernetes .*, but the current CA is CN=kubernetes/,
    fix: /irsa-guard ca/
  },
  {
    why: 'a webhook that is not an identity webhook',
    object: configurationWith(foreign, { name: 'a.b.c' }),
    facts
  },
  {
    why: 'served outside the control plane',
    object: configurationWith(foreign, {}, { url: 'https://webhook.example.com/' }),
    facts
  },
  {
    why: 'no bundle',
    object: configurationWith(undefined),
    facts,
    field: 'webhooks[0].clientConfig.caBundle',
    message:
      /^the caBundle of webhook iam-for-pods\.amazonaws\.com is empty, so the API server trusts only the root CAs of its host; its calls to this webhook fail, because the cluster CA signs the webhook's certificate$/,
    fix: /^write the cluster CA to the bundle/
  },
  {
    why: 'the next CA alone, while the other one signs',
    object: configurationWith(foreign),
    facts: { clusterCa: published([pem(clusterCa.der), both], [both]) },
    message:
      /does not contain a cluster CA that signs now, so the API server's calls to this webhook fail, or may fail at any moment: it lacks CN=kubernetes .*, which signs now or may sign at any moment; it contains CN=kubernetes/,
    fix
  },
  {
    why: 'the CA that signs, after the other one was deleted',
    object: configurationWith(pem(clusterCa.der)),
    facts: { clusterCa: published([pem(clusterCa.der), both], [pem(clusterCa.der)]) }
  },
  {
    why: 'a CA that the policy refuses',
    object: configurationWith(both),
    facts: { clusterCa: published([pem(clusterCa.der)], [pem(clusterCa.der)]) },
    message:
      /contains CN=kubernetes .*, which the cluster does not trust; the caBundle policy refuses such a bundle, because the API server would trust that CA, too$/,
    fix: /^remove it/
  },
  {
    why: 'a CA about which the policy warns',
    object: configurationWith(both),
    facts: { clusterCa: published([pem(clusterCa.der)], [pem(clusterCa.der)], 'Warn') },
    message: /which the cluster does not trust/,
    severity: 'warning'
  },
  {
    why: 'a CA that the policy refuses, in a bundle that is already there',
    object: configurationWith(both),
    facts: { clusterCa: published([pem(clusterCa.der)], [pem(clusterCa.der)]) },
    stage: 'running',
    message: /which the cluster does not trust/,
    severity: 'warning'
  },
  { why: 'an empty bundle', object: configurationWith(''), facts, message: /is empty/ },
  {
    why: 'no bundle outside the control plane',
    object: configurationWith(undefined, {}, { url: 'https://webhook.example.com/' }),
    facts
  },
  {
    why: 'no bundle, which an injector will fill in',
    object: {
      ...configurationWith(undefined),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-apiserver-ca': 'true' } }
    },
    facts
  },
  {
    why: 'no bundle, which no injector has filled in',
    object: {
      ...configurationWith(undefined),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-apiserver-ca': 'true' } }
    },
    facts,
    stage: 'running',
    message: /is empty/
  },
  { why: 'unusable, which another rule reports', object: configurationWith('x'), facts },
  { why: 'the fact is moot', object: configurationWith(foreign), facts: { clusterCa: moot('') } }
]
