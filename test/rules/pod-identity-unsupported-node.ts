import { known, unknown } from '../../src/model/fact.js'
import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  deploymentOf,
  fileEnv,
  podOf,
  role,
  roleEnv
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const facts = associatedFacts()
const affinity = (...terms: readonly object[]): object => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: terms.map((term) => ({ matchExpressions: [term] }))
    }
  }
})
const computeType = (operator: string, ...values: readonly string[]): object => ({
  key: 'eks.amazonaws.com/compute-type',
  operator,
  values
})
const fargate = { nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' } }

// Where EKS Pod Identity works: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html, and for hybrid
// nodes https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-add-ons.html
export const cases: readonly Case[] = [
  { why: 'any node', object: deploymentOf(), facts },
  {
    why: 'hybrid nodes',
    object: deploymentOf({ nodeSelector: { 'eks.amazonaws.com/compute-type': 'hybrid' } }),
    facts
  },
  {
    why: 'Auto Mode',
    object: deploymentOf({ affinity: affinity(computeType('In', 'auto')) }),
    facts
  },
  {
    why: 'a toleration, which does not select a node',
    object: deploymentOf({
      tolerations: [{ key: 'eks.amazonaws.com/compute-type', operator: 'Equal', value: 'fargate' }]
    }),
    facts
  },
  {
    why: 'anything but Fargate',
    object: deploymentOf({ affinity: affinity(computeType('NotIn', 'fargate')) }),
    facts
  },
  {
    why: 'Fargate or EC2',
    object: deploymentOf({ affinity: affinity(computeType('In', 'fargate', 'ec2')) }),
    facts
  },
  {
    why: 'Fargate, or nodes with another label',
    object: deploymentOf({
      affinity: affinity(computeType('In', 'fargate'), { key: 'a', operator: 'Exists' })
    }),
    facts
  },
  {
    why: 'IRSA works on Fargate',
    object: deploymentOf(fargate),
    facts: { ...accountFacts(), associated: known({ exists: false }) }
  },
  {
    why: 'IRSA works on Windows',
    object: deploymentOf({ os: { name: 'windows' } }),
    facts: { ...accountFacts(), associated: known({ exists: false }) }
  },
  {
    why: 'associations are not known',
    object: deploymentOf(fargate),
    facts: { ...accountFacts(), associated: unknown('EKS refused') }
  },
  {
    why: 'the template brings role and token',
    object: deploymentOf({ ...fargate, containers: [{ name: 'app', env: [roleEnv, fileEnv] }] }),
    facts
  },
  {
    why: 'the pod opts out of the identity webhook',
    object: deploymentOf(fargate, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } }),
    facts
  },
  {
    why: 'the label that EKS sets',
    object: podOf(
      { containers: [agentContainer('app')], volumes: [agentVolume] },
      { labels: { 'eks.amazonaws.com/fargate-profile': 'shop' } }
    ),
    facts,
    field: 'metadata.labels["eks.amazonaws.com/fargate-profile"]',
    message:
      /^the pod runs on AWS Fargate, where no EKS Pod Identity Agent can run, but service account cart has/,
    fix: /delete the association and annotate the service account/
  },
  {
    why: 'the scheduler of Fargate',
    object: podOf({ schedulerName: 'fargate-scheduler' }),
    facts,
    field: 'spec.schedulerName',
    message: /on AWS Fargate/
  },
  {
    why: 'a node selector for Fargate',
    object: deploymentOf(fargate),
    facts,
    field: 'spec.template.spec.nodeSelector',
    message: /on AWS Fargate/
  },
  {
    why: 'an affinity for Fargate',
    stage: 'source',
    object: deploymentOf({ affinity: affinity(computeType('In', 'fargate')) }),
    facts,
    field: 'spec.template.spec.affinity',
    message: /on AWS Fargate/
  },
  {
    why: 'an association takes a working role from a Windows pod',
    object: deploymentOf({ nodeSelector: { 'kubernetes.io/os': 'windows' } }),
    facts: associatedFacts({}, { role }),
    field: 'spec.template.spec.nodeSelector',
    message: /^the pod runs on Windows/
  },
  {
    why: 'Windows by os.name',
    object: deploymentOf({ os: { name: 'windows' } }),
    facts,
    field: 'spec.template.spec',
    message: /^the pod runs on Windows/
  }
]
