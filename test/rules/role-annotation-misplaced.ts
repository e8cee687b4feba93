import { accountFacts, deploymentOf, podOf, role } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const annotations = { 'eks.amazonaws.com/role-arn': role }

export const cases: readonly Case[] = [
  {
    why: 'on a pod',
    object: podOf({}, { annotations }),
    facts: accountFacts(),
    field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
    message: /only from service account shop\/cart/,
    fix: /move the annotation/
  },
  {
    why: 'on a pod template',
    object: deploymentOf({}, { annotations }),
    facts: accountFacts(),
    field: 'spec.template.metadata.annotations["eks.amazonaws.com/role-arn"]',
    message: /has no effect here/
  },
  {
    why: 'on a workload that uses the default service account',
    object: { ...deploymentOf({ serviceAccountName: '' }), metadata: { name: 'cart', annotations } },
    facts: accountFacts(),
    field: 'metadata.annotations["eks.amazonaws.com/role-arn"]',
    message: /service account default$/,
    fix: /create a service account/
  },
  {
    why: 'a different domain',
    object: podOf({}, { annotations: { 'team.example/role-arn': role } }),
    facts: accountFacts()
  },
  { why: 'no such annotation', object: podOf(), facts: accountFacts() }
]
