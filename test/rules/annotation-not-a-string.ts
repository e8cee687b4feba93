import type { Case } from '../support/rule-case.js'

const role = 'arn:aws:iam::111122223333:role/cart'
const account = (annotations: object): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'cart', namespace: 'shop', annotations }
})
const deployment = (annotations: object, ofTemplate: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop', annotations },
  spec: { template: { metadata: { annotations: ofTemplate }, spec: { containers: [{ name: 'a' }] } } }
})
const stage = 'source'
const severity = 'error'

export const cases: readonly Case[] = [
  { why: 'strings', stage, object: account({ 'team.example/owner': 'shop', empty: '' }) },
  {
    why: 'the API server reads null as an empty string',
    stage,
    object: account({ 'team.example/owner': null })
  },
  {
    why: 'another rule reports the annotations of the role',
    stage,
    object: account({ 'eks.amazonaws.com/role-arn': 7 })
  },
  { why: 'the API server has rejected it already', object: account({ 'team.example/owner': 7 }) },
  {
    why: 'helm --set split the key at its dots',
    stage,
    severity,
    object: account({ eks: { amazonaws: { 'com/role-arn': role } } }),
    field: 'metadata.annotations["eks"]',
    message: /"eks" is a map, .* split the key "eks\.amazonaws\.com\/role-arn" at its dots$/,
    fix: /annotations\.eks\\\.amazonaws\\\.com\/role-arn=/
  },
  {
    why: 'one dot was escaped on the wrong side',
    stage,
    severity,
    object: account({
      'eks.amazonaws.com/role-arn': role,
      eks: { '\\amazonaws.com/sts-regional-endpoints': 'true' }
    }),
    message: /split the key "eks\.amazonaws\.com\/sts-regional-endpoints"/
  },
  {
    why: 'a map without a slash',
    stage,
    severity,
    object: account({ owner: { team: 'shop' } }),
    message: /"owner" is a map, but/
  },
  { why: 'an empty map', stage, severity, object: account({ owner: {} }), message: /"owner" is a map, but/ },
  {
    why: 'a list',
    stage,
    severity,
    object: account({ owners: ['a'] }),
    message: /"owners" is a list, but/,
    fix: /one quoted string/
  },
  {
    why: 'a number',
    stage,
    severity,
    object: account({ 'team.example/cost': 7 }),
    message: /is 7, a number, but/,
    fix: /quotes/
  },
  {
    why: 'a workload and its template',
    stage,
    severity,
    count: 2,
    object: deployment({ 'team.example/a': true }, { 'prometheus.io/scrape': true }),
    field: 'metadata.annotations["team.example/a"]',
    message: /is true, a boolean, but/
  },
  {
    why: 'a namespace',
    stage,
    severity,
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations: { a: false } } },
    message: /is false, a boolean/
  }
]
