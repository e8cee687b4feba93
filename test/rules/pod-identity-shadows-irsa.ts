import {
  accountFacts,
  agentContainer,
  agentEnv,
  agentVolume,
  associatedFacts,
  fileEnv,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const onAgent = (...uris: string[]): object =>
  podOf({ containers: uris.map((uri, index) => agentContainer(`app${index}`, uri)), volumes: [agentVolume] })
const usual = agentEnv.value

export const cases: readonly Case[] = [
  {
    why: 'the agent',
    object: onAgent(usual, usual),
    facts: accountFacts(),
    field: 'spec.containers[0].env[0]',
    message:
      /^container app0 gets its role from EKS Pod Identity, so role .*cart from the annotation is not used$/
  },
  {
    why: 'the agent on IPv6',
    object: onAgent('http://[fd00:ec2::23]/v1/credentials'),
    facts: accountFacts(),
    message: /EKS Pod Identity/
  },
  { why: 'another endpoint', object: onAgent('http://localhost:9911/'), facts: accountFacts() },
  {
    why: 'a host that only starts like the agent',
    object: onAgent('http://169.254.170.23.example/'),
    facts: accountFacts()
  },
  {
    why: 'web identity takes precedence',
    object: podOf({
      containers: [{ name: 'app', env: [agentEnv, roleEnv, fileEnv], volumeMounts: [tokenMount] }],
      volumes: [tokenVolume]
    }),
    facts: accountFacts()
  },
  {
    why: 'not annotated',
    object: onAgent(usual),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'no endpoint', object: podOf(), facts: accountFacts() },
  {
    why: 'the association is known: another rule reports it of the service account',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: associatedFacts({}, { role })
  }
]
