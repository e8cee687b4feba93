import type { Case } from '../support/rule-case.js'
import { accountFacts, fileEnv, podOf, roleEnv, tokenMount, tokenVolume } from '../support/pods.js'

const agent = { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' }
const withEnv = (...env: object[]): object =>
  podOf({ containers: [{ name: 'app', env, volumeMounts: [tokenMount] }], volumes: [tokenVolume] })
const onAgent = podOf({
  containers: [
    { name: 'app', env: [agent] },
    { name: 'proxy', env: [agent] }
  ]
})

export const cases: readonly Case[] = [
  {
    why: 'the agent',
    object: onAgent,
    facts: accountFacts(),
    field: 'spec.containers[0].env[0]',
    message: /^container app gets its role from EKS Pod Identity, so role .*cart of the annotation is not used$/
  },
  {
    why: 'the agent on IPv6',
    object: podOf({ containers: [{ name: 'app', env: [{ ...agent, value: 'http://[fd00:ec2::23]/v1/credentials' }] }] }),
    facts: accountFacts(),
    message: /EKS Pod Identity/
  },
  {
    why: 'another endpoint',
    object: podOf({ containers: [{ name: 'app', env: [{ ...agent, value: 'http://localhost:9911/' }] }] }),
    facts: accountFacts()
  },
  { why: 'web identity comes first', object: withEnv(agent, roleEnv, fileEnv), facts: accountFacts() },
  { why: 'not annotated', object: onAgent, facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined }) },
  { why: 'none', object: podOf(), facts: accountFacts() }
]
