import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  fileEnv,
  injectedContainer,
  injectedPod,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const enforced = accountFacts({}, { podsEnforced: true })
const volumes = [tokenVolume]
const own = podOf({
  containers: [{ name: 'app', env: [{ ...roleEnv, value: otherRole }, fileEnv], volumeMounts: [tokenMount] }],
  volumes
})

export const cases: readonly Case[] = [
  { why: 'the requested role', object: injectedPod('app'), facts: enforced },
  {
    why: 'the identity webhook wrote a different role, because its cache was stale',
    object: podOf({ containers: [injectedContainer('app', otherRole)], volumes }),
    facts: enforced,
    severity: 'error',
    field: 'spec.containers[0].env[3]',
    message: /^container app has role .*search", but service account cart requests .*cart$/
  },
  {
    why: 'the template deliberately sets it: never denied',
    object: own,
    facts: enforced,
    message: /has role .*search/
  },
  {
    why: 'a region and role in the template are not taken for injected variables',
    object: podOf({
      containers: [
        {
          name: 'app',
          env: [{ name: 'AWS_REGION', value: 'x' }, { ...roleEnv, value: otherRole }, fileEnv],
          volumeMounts: [tokenMount]
        }
      ],
      volumes
    }),
    facts: enforced,
    message: /has role/
  },
  {
    why: 'running',
    stage: 'running',
    object: own,
    facts: accountFacts(),
    severity: 'error',
    message: /has role/
  },
  {
    why: 'composed',
    object: injectedPod('app'),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': 'cart' }, { settings: { composeRoleArn: true } })
  },
  {
    why: 'composed, a different role',
    object: injectedPod('app'),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': 'art' }, { settings: { composeRoleArn: true } }),
    message: /requests art/
  },
  {
    why: 'the role is known only at run time',
    object: podOf({
      containers: [
        { name: 'app', env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv], volumeMounts: [tokenMount] }
      ],
      volumes
    }),
    facts: enforced
  },
  {
    why: 'half mutated: another rule reports it',
    object: podOf({ containers: [{ name: 'app', env: [{ ...roleEnv, value: otherRole }] }] }),
    facts: enforced
  },
  { why: 'no role requested', object: own, facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined }) },
  {
    why: 'an association, and container credentials alone',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: associatedFacts({}, { podsEnforced: true })
  },
  {
    why: 'an association, and the annotated role instead: another rule reports it',
    object: injectedPod('app'),
    facts: associatedFacts({}, { role })
  },
  {
    why: 'an association, and a role of the template',
    object: podOf({
      containers: [{ ...agentContainer('app'), env: [roleEnv, fileEnv, ...agentContainer('app').env] }],
      volumes: [agentVolume]
    }),
    facts: associatedFacts({}, { podsEnforced: true }),
    field: 'spec.containers[0].env[0]',
    message:
      /^container app has role .*cart", which AWS SDKs use instead of the role of the EKS Pod Identity association of/
  },
  {
    why: 'an association, and a role that is known only at run time',
    object: podOf({
      containers: [
        {
          ...agentContainer('app'),
          env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv, ...agentContainer('app').env]
        }
      ],
      volumes: [agentVolume]
    }),
    facts: associatedFacts(),
    message: /has role from AWS_ROLE_ARN/
  }
]
