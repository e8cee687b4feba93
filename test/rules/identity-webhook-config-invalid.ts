import type { Case } from '../support/rule-case.js'

const configMap = (config: unknown, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'pod-identity-webhook', namespace: 'kube-system', ...metadata },
  data: { config }
})
const role = 'arn:aws:iam::111122223333:role/cart'
const source = { stage: 'source', field: 'data.config' } as const

export const cases: readonly Case[] = [
  {
    why: 'as kOps writes it',
    stage: 'source',
    object: configMap(`{"shop/cart":{"RoleARN":"${role}","Audience":"amazonaws.com","UseRegionalSTS":true}}`)
  },
  { why: 'empty', stage: 'source', object: configMap('{}') },
  {
    why: 'a comma at the end',
    ...source,
    object: configMap(`{"shop/cart":{"RoleARN":"${role}"},}`),
    message: /^its key "config" is not JSON: .*, so the identity webhook keeps its previous roles/
  },
  {
    why: 'a token expiration in quotes',
    ...source,
    object: configMap('{"shop/cart":{"TokenExpiration":"3600"}}'),
    message:
      /^its entry "shop\/cart" has a "TokenExpiration" that is not an integer, so the identity webhook keeps its previous roles, and has none after a restart$/
  },
  {
    why: 'a key without a namespace',
    ...source,
    object: configMap(`{"cart":{"RoleARN":"${role}"}}`),
    message: /^its entry "cart" is not named <namespace>\/<name>, so the identity webhook crashes$/
  },
  {
    why: 'an entry that is null',
    ...source,
    object: configMap('{"shop/cart":null}'),
    message: /^its entry "shop\/cart" is null, so the identity webhook crashes$/
  },
  { why: 'at admission, which never sees it', object: configMap('{') }
]
