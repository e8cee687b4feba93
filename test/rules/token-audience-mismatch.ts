import { known } from '../../src/model/fact.js'
import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  fileEnv,
  injectedPod,
  podOf,
  role,
  roleEnv,
  tokenMount
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const withToken = (serviceAccountToken: object): object =>
  podOf({
    containers: [{ name: 'app', env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }],
    volumes: [{ name: 'aws-iam-token', projected: { sources: [{ configMap: {} }, { serviceAccountToken }] } }]
  })
const audience = (value: unknown) => ({ 'eks.amazonaws.com/audience': value })

export const cases: readonly Case[] = [
  { why: 'the default audience', object: injectedPod('app'), facts: accountFacts() },
  {
    why: 'a different audience',
    object: withToken({ audience: 'vault', path: 'token' }),
    facts: accountFacts(),
    field: 'spec.volumes[0].projected.sources[1].serviceAccountToken.audience',
    message: /has audience "vault"; expected "sts.amazonaws.com" \(assuming/
  },
  {
    why: 'no audience',
    object: withToken({ path: 'token' }),
    facts: accountFacts({}, { settings: { source: 'read' } }),
    message: /has no audience, so it gets the API server's audience; expected "sts.amazonaws.com"$/
  },
  {
    why: 'as annotated',
    object: withToken({ audience: 'vault', path: 'token' }),
    facts: accountFacts(audience('vault'))
  },
  {
    why: 'different from the annotation',
    object: injectedPod('app'),
    facts: accountFacts(audience('sts.amazonaws.com.cn')),
    message: /"sts.amazonaws.com.cn"/
  },
  {
    why: 'as set by the flag',
    object: withToken({ audience: 'vault', path: 'token' }),
    facts: accountFacts({}, { settings: { defaultAudience: 'vault' } })
  },
  {
    why: 'empty annotation: another rule reports it',
    object: injectedPod('app'),
    facts: accountFacts(audience(''))
  },
  {
    why: 'a ConfigMap with a role but no audience: the identity webhook does not fill in its default',
    object: withToken({ path: 'token' }),
    facts: accountFacts(
      { 'eks.amazonaws.com/role-arn': undefined },
      { settings: { configured: known(new Map([['shop/cart', { role, audience: undefined }]])) } }
    )
  },
  {
    why: 'a token for a different purpose',
    object: podOf({
      volumes: [
        {
          name: 'vault',
          projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token' } }] }
        }
      ]
    }),
    facts: accountFacts()
  },
  {
    why: 'no role requested',
    object: withToken({ audience: 'vault', path: 'token' }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  {
    why: 'an association, and its audience',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: associatedFacts({}, { role })
  },
  {
    why: 'an association: the audience of the account does not count',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: { ...accountFacts(audience('vault')), associated: known({ exists: true, since: undefined }) }
  },
  {
    why: 'an association, and a different audience',
    object: podOf({
      containers: [agentContainer('app')],
      volumes: [
        {
          name: 'eks-pod-identity-token',
          projected: {
            sources: [{ serviceAccountToken: { audience: 'vault', path: 'eks-pod-identity-token' } }]
          }
        }
      ]
    }),
    facts: associatedFacts(),
    message: /has audience "vault"; expected "pods\.eks\.amazonaws\.com"/,
    fix: /which EKS Pod Identity requires/
  }
]
