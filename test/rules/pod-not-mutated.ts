import { annotationNamesUnder } from '../../src/identity-webhook/annotation-names.js'
import { known, unknown } from '../../src/model/fact.js'
import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  injectedPod,
  podOf,
  role,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const raw = podOf({ containers: [{ name: 'app' }, { name: 'proxy' }], initContainers: [{ name: 'wait' }] })

export const cases: readonly Case[] = [
  { why: 'mutated', object: injectedPod('app', 'proxy'), facts: accountFacts() },
  {
    why: 'not mutated',
    object: raw,
    facts: accountFacts(),
    field: 'spec.containers',
    message: /cart requests role .*role\/cart, but no container.*assuming/
  },
  {
    why: 'settings that were read need no caveat',
    object: raw,
    facts: accountFacts({}, { settings: { source: 'read' } }),
    message: /in the pod received it$/
  },
  {
    why: 'the namespace enforces',
    object: raw,
    facts: accountFacts({}, { podsEnforced: true }),
    severity: 'error',
    message: /no container/
  },
  {
    why: 'an old pod is never denied',
    object: raw,
    old: raw,
    facts: accountFacts({}, { podsEnforced: true }),
    message: /no container/
  },
  {
    why: 'kube-system is never denied',
    object: podOf({}, { namespace: 'kube-system' }),
    facts: accountFacts({}, { podsEnforced: true }),
    message: /no container/
  },
  {
    why: 'a pod that a node needs is never denied',
    object: podOf({ priorityClassName: 'system-node-critical' }),
    facts: accountFacts({}, { podsEnforced: true }),
    message: /no container/
  },
  {
    why: 'in a running cluster',
    stage: 'running',
    object: raw,
    facts: accountFacts(),
    severity: 'error',
    message: /no container/
  },
  { why: 'a manifest is not mutated yet', stage: 'source', object: raw, facts: accountFacts() },
  { why: 'no role requested', object: raw, facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined }) },
  {
    why: 'empty annotation: another rule reports it',
    object: raw,
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': '' })
  },
  {
    why: 'malformed annotation: another rule reports it',
    object: raw,
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': 'cart' })
  },
  {
    why: 'a bare name from which the identity webhook builds an ARN',
    object: raw,
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': 'cart' }, { settings: { composeRoleArn: true } }),
    message: /requests role cart/
  },
  {
    why: 'a role from the ConfigMap',
    object: raw,
    facts: accountFacts(
      { 'eks.amazonaws.com/role-arn': undefined },
      { settings: { configured: known(new Map([['*/cart', { role, audience: undefined }]])) } }
    ),
    message: /requests role/
  },
  {
    why: 'another annotation prefix',
    object: raw,
    facts: accountFacts(
      { 'aws.example/role-arn': role, 'eks.amazonaws.com/role-arn': undefined },
      { settings: { annotationNames: annotationNamesUnder('aws.example') } }
    ),
    message: /no container/
  },
  {
    why: 'deliberately bypassed',
    object: podOf({}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'false' } }),
    facts: accountFacts()
  },
  {
    why: 'all containers deliberately skipped',
    object: podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } }),
    facts: accountFacts()
  },
  {
    why: 'a name with a space is not skipped',
    object: podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': ' app' } }),
    facts: accountFacts(),
    message: /no container/
  },
  {
    why: 'on EKS Pod Identity',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: accountFacts()
  },
  {
    why: 'marked for EKS Pod Identity: never denied',
    object: podOf({}, { labels: { 'eks.amazonaws.com/pod-identity': 'enabled' } }),
    facts: accountFacts({}, { podsEnforced: true }),
    message: /no container/
  },
  {
    why: 'the volume of EKS Pod Identity: never denied',
    stage: 'running',
    object: podOf({ volumes: [agentVolume] }),
    facts: accountFacts({}, { podsEnforced: true }),
    message: /no container/
  },
  {
    why: 'the mount alone does not count as a mutation',
    object: podOf({ containers: [{ name: 'app', volumeMounts: [tokenMount] }] }),
    facts: accountFacts({}, { podsEnforced: true }),
    severity: 'error',
    message: /no container/
  },
  {
    why: 'an exact entry without a role in the ConfigMap ends the lookup',
    object: raw,
    facts: accountFacts(
      { 'eks.amazonaws.com/role-arn': undefined },
      {
        settings: {
          configured: known(
            new Map([
              ['shop/cart', { role: undefined, audience: undefined }],
              ['*/cart', { role, audience: undefined }]
            ])
          )
        }
      }
    )
  },
  {
    why: 'a ConfigMap that could not be read may name a role',
    object: raw,
    facts: accountFacts(
      { 'eks.amazonaws.com/role-arn': undefined },
      { settings: { configured: unknown('there is no ConfigMap'), composeRoleArn: true } }
    )
  },
  {
    why: 'an annotation needs no ConfigMap',
    object: raw,
    facts: accountFacts({}, { settings: { configured: unknown('there is no ConfigMap') } }),
    message: /no container/
  },
  {
    why: 'an empty annotation from which the identity webhook builds an ARN: another rule reports it',
    object: raw,
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': '' }, { settings: { composeRoleArn: true } })
  },
  {
    why: 'a bare name that begins with "arn"',
    object: raw,
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': 'arn/cart' }, { settings: { composeRoleArn: true } }),
    message: /requests role arn\/cart/
  },
  {
    why: 'the volume alone does not count as a mutation',
    object: podOf({ volumes: [tokenVolume] }),
    facts: accountFacts(),
    message: /no container/
  },
  { why: 'no containers', object: podOf({ containers: [] }), facts: accountFacts() },
  {
    why: 'unknown service account',
    object: raw,
    facts: { ...accountFacts(), account: unknown('the watch has not seen it') }
  },
  {
    why: 'an association, and container credentials',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: associatedFacts({}, { podsEnforced: true })
  },
  {
    why: 'an association that the identity webhook may not know yet',
    object: raw,
    facts: associatedFacts({ since: new Date('2026-11-23T23:59:00Z') }, { podsEnforced: true })
  },
  {
    why: 'an association that it knows',
    object: raw,
    facts: associatedFacts({ since: new Date('2026-11-23T23:58:59Z') }, { podsEnforced: true }),
    severity: 'error',
    message:
      /^service account cart has an EKS Pod Identity association, but no container in the pod received credentials/,
    fix: /a ReplicaSet, StatefulSet, DaemonSet or Job retries by itself/
  },
  {
    why: 'an association, where pods are not enforced',
    object: raw,
    facts: associatedFacts(),
    message: /association, but no container/
  },
  {
    why: 'an association, whatever is annotated',
    object: raw,
    facts: associatedFacts({}, { podsEnforced: true, role }),
    severity: 'error',
    message: /association, but no container/
  },
  {
    why: 'a pod that still got the annotated role works: never denied',
    object: injectedPod('app'),
    facts: associatedFacts({}, { podsEnforced: true, role }),
    message: /association, but no container/
  },
  {
    why: 'an association of an add-on: never denied',
    object: raw,
    facts: associatedFacts(
      { ownerArn: 'arn:aws:eks:us-east-1:111122223333:addon/blue/vpc-cni/1' },
      { podsEnforced: true }
    ),
    message: /association, but no container/
  },
  {
    why: 'an association, and all containers deliberately skipped',
    object: podOf(
      {},
      {
        annotations: { 'eks.amazonaws.com/skip-containers': 'app' },
        labels: { 'eks.amazonaws.com/pod-identity': 'enabled' }
      }
    ),
    facts: associatedFacts({}, { podsEnforced: true })
  },
  {
    why: 'an association: the label proves nothing',
    object: podOf({}, { labels: { 'eks.amazonaws.com/pod-identity': 'enabled' } }),
    facts: associatedFacts({}, { podsEnforced: true }),
    severity: 'error',
    message: /association, but no container/
  },
  {
    why: 'an association, and an unknown service account',
    object: raw,
    facts: { ...associatedFacts({}, { podsEnforced: true }), account: unknown('the watch has not seen it') },
    severity: 'error',
    message: /association, but no container/
  },
  {
    why: 'known to have no association: as requested',
    object: raw,
    facts: { ...accountFacts({}, { podsEnforced: true }), associated: known({ exists: false }) },
    severity: 'error',
    message: /requests role/
  },
  {
    why: 'associations are not known: as requested',
    object: raw,
    facts: { ...accountFacts(), associated: unknown('EKS refused') },
    message: /requests role/
  }
]
