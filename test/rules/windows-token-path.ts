import {
  accountFacts,
  associatedFacts,
  deploymentOf,
  fileEnv,
  injectedContainer,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const term = (operator: string, ...values: string[]): object => ({
  matchExpressions: [{ key: 'kubernetes.io/os', operator, values }]
})
const affinity = (...nodeSelectorTerms: object[]): object => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
})
const os = { name: 'windows' }

export const cases: readonly Case[] = [
  {
    why: 'Windows by os.name',
    object: deploymentOf({ os }),
    facts: accountFacts(),
    field: 'spec.template.spec.nodeSelector',
    message: /runs on Windows/,
    fix: /kubernetes.io\/os: windows/
  },
  {
    why: 'Windows by affinity',
    object: deploymentOf({ affinity: affinity(term('In', 'windows')) }),
    facts: accountFacts(),
    message: /runs on Windows/
  },
  {
    why: 'an affinity that also allows Linux',
    object: deploymentOf({ affinity: affinity(term('In', 'windows'), term('In', 'linux')) }),
    facts: accountFacts()
  },
  {
    why: 'an affinity that excludes Windows',
    object: deploymentOf({ affinity: affinity(term('NotIn', 'windows')) }),
    facts: accountFacts()
  },
  {
    why: 'selected by nodeSelector',
    object: deploymentOf({ os, nodeSelector: { 'kubernetes.io/os': 'windows' } }),
    facts: accountFacts()
  },
  {
    why: 'selected by the deprecated label',
    object: deploymentOf({ os, nodeSelector: { 'beta.kubernetes.io/os': 'windows' } }),
    facts: accountFacts()
  },
  {
    why: 'a runtime class can add the selector',
    object: deploymentOf({ os, runtimeClassName: 'windows-2022' }),
    facts: accountFacts()
  },
  {
    why: 'mutated with the Linux path',
    object: podOf({
      os,
      runtimeClassName: 'x',
      containers: [injectedContainer('app')],
      volumes: [tokenVolume]
    }),
    facts: accountFacts(),
    message: /runs on Windows/
  },
  {
    why: 'a custom path',
    object: podOf({
      os,
      containers: [
        { name: 'app', env: [roleEnv, { ...fileEnv, value: 'C:\\token' }], volumeMounts: [tokenMount] }
      ]
    }),
    facts: accountFacts()
  },
  {
    why: 'no role requested',
    object: deploymentOf({ os }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'Linux', object: deploymentOf({ os: { name: 'linux' } }), facts: accountFacts() },
  {
    why: 'an association: another rule reports that it does not work on Windows',
    object: deploymentOf({ os }),
    facts: associatedFacts({}, { role })
  }
]
