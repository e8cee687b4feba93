import type { Facts, PodInSight } from '../../src/facts/facts.js'
import { known } from '../../src/model/fact.js'
import type { Case, ObjectCase } from '../support/rule-case.js'
import { configurationOf, eksWebhook, podsRule, selfManagedWebhook } from '../support/webhooks.js'

const eks = (changes: object): object => configurationOf([eksWebhook(changes)])
const selfManaged = (changes: object): object => configurationOf([selfManagedWebhook(changes)])
const labelled = (key: string, operator: string, ...values: string[]): object => ({
  matchExpressions: [{ key, operator, values }]
})
const rules = (...changes: object[]): object => ({
  rules: changes.map((change) => ({ ...podsRule, ...change }))
})

const pod = (owner: string, labels: object, namespaceLabels?: PodInSight['namespaceLabels']): PodInSight => ({
  owner,
  serviceAccountName: 'cart',
  namespace: owner.replace(/^\w+ |\/.*$/g, ''),
  labels: { ...labels },
  namespaceLabels
})
const shows = (...pods: readonly PodInSight[]): Facts => ({ podsWithRole: known(pods) })
const ownLabel = labelled('app.kubernetes.io/name', 'NotIn', 'amazon-eks-pod-identity-webhook')
const ownPod = pod('deployment kube-system/piw', {
  'app.kubernetes.io/name': 'amazon-eks-pod-identity-webhook'
})

const all: readonly ObjectCase[] = [
  { why: 'as EKS registers it', object: eks({}) },
  { why: 'self-managed, as upstream registers it', object: selfManaged({}) },
  {
    why: 'wildcards',
    object: eks(rules({ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }))
  },
  { why: 'all resources and subresources', object: eks(rules({ resources: ['*/*'] })) },
  { why: 'pods and all their subresources', object: eks(rules({ resources: ['pods/*'] })) },
  {
    why: 'one of two rules covers pods',
    object: eks(rules({ resources: ['services'] }, { scope: 'Namespaced' }))
  },
  {
    why: 'no rules',
    object: eks({ rules: undefined }),
    field: 'webhooks[0].rules',
    message:
      /^the API server does not call webhook iam-for-pods\.amazonaws\.com for any pod: no rule covers pods \(group "", version v1, operation CREATE\); these pods start without their role$/
  },
  { why: 'a rule that is not an object', object: eks({ rules: ['*'] }), message: /for any pod/ },
  { why: 'updates only', object: eks(rules({ operations: ['UPDATE'] })), message: /for any pod/ },
  { why: 'another resource', object: eks(rules({ resources: ['pods/exec'] })), message: /for any pod/ },
  { why: 'another group', object: eks(rules({ apiGroups: ['apps'] })), message: /for any pod/ },
  { why: 'another version', object: eks(rules({ apiVersions: ['v1beta1'] })), message: /for any pod/ },
  { why: 'cluster-scoped objects only', object: eks(rules({ scope: 'Cluster' })), message: /for any pod/ },
  { why: 'self-managed too', object: selfManaged(rules({ resources: ['nodes'] })), message: /for any pod/ },
  {
    why: 'an unchanged object only gets a warning',
    object: eks({ rules: [], timeoutSeconds: 5 }),
    old: eks({ rules: [] }),
    severity: 'warning',
    message: /for any pod/
  },
  {
    why: 'only labeled namespaces',
    object: eks({ namespaceSelector: { matchLabels: { irsa: 'on' } } }),
    field: 'webhooks[0].namespaceSelector',
    message:
      /does not call webhook iam-for-pods\.amazonaws\.com for pods in namespaces without the label irsa=on;/,
    fix: /remove the restriction from namespaceSelector/
  },
  {
    why: 'only labeled pods',
    object: eks({ objectSelector: labelled('irsa', 'Exists') }),
    message: /for pods without the label irsa;/
  },
  {
    why: 'the owner of a self-managed webhook may want that',
    object: selfManaged({ objectSelector: labelled('irsa', 'In', 'a', 'b') }),
    severity: 'warning',
    message: /for pods without the label irsa=a, b;/
  },
  {
    why: 'every namespace has this label',
    object: eks({ namespaceSelector: labelled('kubernetes.io/metadata.name', 'Exists') })
  },
  {
    why: 'one namespace only',
    object: eks({ namespaceSelector: labelled('kubernetes.io/metadata.name', 'In', 'shop') }),
    message: /namespaces without the label kubernetes\.io\/metadata\.name=shop/
  },
  {
    why: 'one namespace is excluded',
    object: eks({ namespaceSelector: labelled('kubernetes.io/metadata.name', 'NotIn', 'kube-system') }),
    severity: 'warning',
    message: /for pods in namespaces with the label kubernetes\.io\/metadata\.name=kube-system;/
  },
  {
    why: 'kube-system is excluded, which is common',
    object: selfManaged({
      namespaceSelector: labelled('kubernetes.io/metadata.name', 'NotIn', 'kube-system')
    })
  },
  {
    why: 'as OpenShift registers it',
    object: selfManaged({ namespaceSelector: labelled('openshift.io/run-level', 'NotIn', '0') })
  },
  {
    why: 'OpenShift, but a workload with a role is in such a namespace',
    object: selfManaged({ namespaceSelector: labelled('openshift.io/run-level', 'NotIn', '0', '1') }),
    facts: shows(
      pod('deployment dns/external-dns', {}, { 'openshift.io/run-level': '0' }),
      pod('deployment web/cart', {}, { 'openshift.io/run-level': '2' }),
      pod('deployment far/cart', {}, undefined)
    ),
    severity: 'warning',
    message:
      /for pods in namespaces with the label openshift\.io\/run-level=0, 1, such as those of deployment dns\/external-dns, whose service account requests a role; these pods start without their role$/
  },
  {
    why: 'kube-system is excluded, and a workload with a role is there',
    object: selfManaged({
      failurePolicy: 'Ignore',
      namespaceSelector: labelled('kubernetes.io/metadata.name', 'NotIn', 'kube-system')
    }),
    facts: shows(
      pod('deployment kube-system/dns', {}),
      pod('daemonset kube-system/csi', {}),
      pod('deployment shop/cart', {})
    ),
    severity: 'warning',
    field: 'webhooks[0].namespaceSelector',
    message:
      /label kubernetes\.io\/metadata\.name=kube-system, such as those of deployment kube-system\/dns and 1 more, whose/,
    fix: /^if these pods need a role, remove the restriction from namespaceSelector$/
  },
  {
    why: "the identity webhook's own pods, as the most used chart excludes them",
    object: selfManaged({ failurePolicy: 'Fail', objectSelector: ownLabel })
  },
  {
    why: 'the same, beside a workload that it does not exclude',
    object: selfManaged({ failurePolicy: 'Fail', objectSelector: ownLabel }),
    facts: shows(
      pod('deployment shop/cart', { 'app.kubernetes.io/name': 'cart' }),
      pod('deployment shop/web', {})
    )
  },
  {
    why: 'the same label on a pod with a role: taking it out would lock the identity webhook out',
    object: selfManaged({ failurePolicy: undefined, objectSelector: ownLabel }),
    facts: shows(ownPod),
    severity: 'warning',
    field: 'webhooks[0].objectSelector',
    message: /such as those of deployment kube-system\/piw, whose service account requests a role/,
    fix: /make objectSelector exclude fewer pods; it must still exclude the identity webhook's own pods, because with failurePolicy Fail they could not start otherwise$/
  },
  {
    why: 'as kOps registers it',
    object: selfManaged({
      failurePolicy: 'Fail',
      objectSelector: {
        matchExpressions: [
          { key: 'kops.k8s.io/managed-by', operator: 'NotIn', values: ['kops'] },
          { key: 'k8s-app', operator: 'NotIn', values: ['kube-apiserver'] }
        ]
      }
    })
  },
  {
    why: 'many pods are excluded',
    object: selfManaged({
      failurePolicy: 'Fail',
      objectSelector: labelled('app', 'NotIn', 'a', 'b', 'c', 'd')
    }),
    severity: 'warning',
    message: /for pods with the label app=a, b, c, d;/,
    fix: /must still exclude/
  },
  {
    why: 'labeled namespaces are excluded',
    object: selfManaged({ failurePolicy: 'Ignore', namespaceSelector: labelled('team', 'DoesNotExist') }),
    severity: 'warning',
    message: /for pods in namespaces with the label team;/,
    fix: /remove the restriction/
  },
  {
    why: 'a different bypass label, which nothing in sight has',
    object: selfManaged({ objectSelector: labelled('skip', 'DoesNotExist') })
  },
  {
    why: 'a different bypass label, on a pod with a role',
    object: selfManaged({ objectSelector: labelled('skip', 'DoesNotExist') }),
    facts: shows(pod('deployment shop/cart', { skip: '' })),
    severity: 'warning',
    message: /for pods with the label skip, such as those of deployment shop\/cart, whose/
  },
  {
    why: 'a label that pods must have, which a pod with a role lacks',
    object: selfManaged({ objectSelector: { matchLabels: { irsa: 'on' } } }),
    facts: shows(pod('deployment shop/cart', { irsa: 'off' }), pod('deployment shop/web', { irsa: 'on' })),
    severity: 'warning',
    message: /for pods without the label irsa=on, such as those of deployment shop\/cart, whose/
  },
  {
    why: 'an operator that the API server refuses',
    object: eks({ objectSelector: labelled('a', 'Gt', '1') })
  },
  { why: 'no selector', object: eks({ objectSelector: undefined, namespaceSelector: [] }) },
  {
    why: 'a condition that always holds',
    object: eks({ matchConditions: [{ name: 'always', expression: 'true' }] })
  },
  {
    why: 'match conditions, which irsa-guard does not evaluate',
    object: eks({
      matchConditions: [{ name: 'no-nodes', expression: '!("system:nodes" in request.userInfo.groups)' }, {}]
    }),
    severity: 'warning',
    field: 'webhooks[0].matchConditions',
    message:
      /for pods that do not meet match conditions no-nodes, without a name \(not evaluated by irsa-guard\);/
  },
  {
    why: 'two problems',
    object: eks({
      namespaceSelector: { matchLabels: { a: 'b' } },
      objectSelector: { matchLabels: { c: 'd' } }
    }),
    count: 2,
    message: /a=b/
  },
  { why: 'not an identity webhook', object: eks({ name: 'a.b.c', rules: [] }) }
]

export const cases: readonly Case[] = all.map((one) => ({ facts: shows(), ...one }))
