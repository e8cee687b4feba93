import { moot } from '../../src/model/fact.js'
import { clusterCa, configurationWith, knownClusterCa, otherCa } from '../support/bundle-cases.js'
import { makeAuthority, pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const facts = { clusterCa: knownClusterCa }
const foreign = pem(otherCa.der)

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
