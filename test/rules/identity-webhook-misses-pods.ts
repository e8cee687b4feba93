import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, podsRule, selfManagedWebhook } from '../support/webhooks.js'

const eks = (changes: object): object => configurationOf([eksWebhook(changes)])
const selfManaged = (changes: object): object => configurationOf([selfManagedWebhook(changes)])
const labelled = (key: string, operator: string, ...values: string[]): object => ({
  matchExpressions: [{ key, operator, values }]
})
const rules = (...changes: object[]): object => ({
  rules: changes.map((change) => ({ ...podsRule, ...change }))
})

export const cases: readonly Case[] = [
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
    why: 'a different bypass label',
    object: selfManaged({ objectSelector: labelled('skip', 'DoesNotExist') }),
    severity: 'warning',
    message: /for pods with the label skip;/
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
      /for pods that do not meet match condition no-nodes, without a name \(irsa-guard cannot evaluate it\);/
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
