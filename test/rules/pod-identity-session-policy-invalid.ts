import type { Association } from '../../src/model/association.js'
import { type Fact, known } from '../../src/model/fact.js'
import { accountOf } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()
const stage = 'source'
const association = (parts: Partial<Association>): { association: Fact<Association> } => ({
  association: known({
    clusterName: 'prod',
    namespace: 'shop',
    serviceAccount: 'cart',
    roleArn: 'arn:aws:iam::111122223333:role/cart',
    disableSessionTags: true,
    ...parts
  })
})
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]
})

export const cases: readonly Case[] = [
  { why: 'no session policy', object, stage, facts: association({ disableSessionTags: false }) },
  { why: 'a policy without session tags', object, stage, facts: association({ policy }) },
  {
    why: 'the object that describes the association is judged instead',
    object,
    stage,
    facts: association({ policy: '{', fromObject: true })
  },
  { why: 'at admission, EKS has accepted it', object, facts: association({ policy: '{' }) },
  {
    why: 'session tags are enabled',
    object,
    stage,
    facts: association({ policy, disableSessionTags: false }),
    message: /because a session policy requires that session tags are disabled$/,
    fix: /^set disableSessionTags to true/
  },
  { why: 'not JSON', object, stage, facts: association({ policy: '{' }), message: /: it is not JSON$/ },
  {
    why: 'not a policy',
    object,
    stage,
    facts: association({ policy: '[]' }),
    message: /: it has no Statement$/
  },
  {
    why: 'as long as allowed, and all wildcards',
    object,
    stage,
    facts: association({ policy: '*a'.repeat(1024) }),
    message: /: it is not JSON$/
  },
  {
    why: 'too long',
    object,
    stage,
    facts: association({ policy: policy.padEnd(2049) }),
    message: /: it has 2049 characters; at most 2048 are allowed$/
  }
]
