import t from 'tap'
import type { Sources } from '../../src/facts/facts.js'
import type { AdmissionRequest } from '../../src/input/admission-review.js'
import { known, unknown } from '../../src/model/fact.js'
import { review } from '../../src/review.js'
import { buildReviewHandler } from '../../src/server/handle-review.js'
import { annotated } from '../support/accounts.js'
import {
  deploymentOf,
  injectedContainer,
  injectedPod,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'

const sourcesOf = (podsEnforced: boolean): Sources => ({
  accounts: {
    readAccount: async (namespace, name) =>
      name === 'cart'
        ? known({ exists: true, annotations: annotated })
        : unknown(`service account ${namespace}/${name} was not read in time`)
  },
  cluster: {
    readIssuer: async () => unknown('not asked'),
    readNamespace: async () => known({ mode: undefined, podsEnforced, allowedRoles: undefined })
  }
})

const requestOf = (object: object, old?: object): AdmissionRequest => ({
  apiVersion: 'admission.k8s.io/v1',
  uid: 'u-1',
  kind: 'Pod',
  operation: old === undefined ? 'CREATE' : 'UPDATE',
  namespace: 'shop',
  object,
  old,
  user: 'system:serviceaccount:kube-system:replicaset-controller',
  groups: []
})

const answer = (
  object: object,
  { podsEnforced = true, old }: { podsEnforced?: boolean; old?: object } = {}
) => {
  const handleReview = buildReviewHandler((subject, deadline) =>
    review(subject, { sources: sourcesOf(podsEnforced), mode: 'enforce', at: new Date(), deadline })
  )
  return handleReview(requestOf(object, old), new AbortController())
}

t.test(
  'a pod that the identity webhook missed is denied where the namespace asks for it, in words for whoever reads the Event',
  async (t) => {
    const { allowed, status } = await answer(podOf())
    t.equal(allowed, false)
    t.equal(
      status?.message,
      `pod shop/cart-0: pod-not-mutated: service account cart requests role ${role}, but no container in the pod received it (assuming the identity webhook's default settings, because the actual ones could not be read)
  fix: find out why the identity webhook did not mutate the pod (check its MutatingWebhookConfiguration, caBundle and process), then recreate the pod`
    )
  }
)

t.test('a pod is only warned about where the namespace does not ask for more', async (t) => {
  t.match(await answer(podOf(), { podsEnforced: false }), {
    allowed: true,
    warnings: [/^pod-not-mutated: service account cart/, /fix/]
  })
})

t.test('half a mutation is denied, too', async (t) => {
  const half = podOf({
    containers: [injectedContainer('app'), { name: 'proxy', env: [roleEnv], volumeMounts: [tokenMount] }],
    volumes: [tokenVolume]
  })
  t.match(await answer(half), {
    allowed: false,
    status: { message: /pod-half-mutated: container proxy lacks AWS_WEB_IDENTITY_TOKEN_FILE/ }
  })
})

t.test('never denied', async (t) => {
  const table: readonly (readonly [string, object, object?])[] = [
    ['a pod that got its role', injectedPod('app', 'proxy')],
    ['a pod of kube-system', podOf({}, { namespace: 'kube-system' })],
    ['a pod that nodes need', podOf({ priorityClassName: 'system-cluster-critical' })],
    ['a pod whose account is unknown', podOf({ serviceAccountName: 'search' })],
    ['a mirror pod', podOf({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } })],
    ['an ephemeral container', podOf({ ephemeralContainers: [{ name: 'debug' }] }), podOf()],
    [
      'a role that the template chose',
      podOf({
        containers: [injectedContainer('app', otherRole)].map((app) => ({
          ...app,
          env: [
            { ...roleEnv, value: otherRole },
            { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', valueFrom: {} }
          ]
        }))
      })
    ],
    ['a template', deploymentOf({ containers: [{ name: 'app', env: [roleEnv] }] })],
    [
      'a waived pod',
      podOf(
        {},
        {
          annotations: { 'ignore.irsa-guard.io/pod-not-mutated': 'until 2099-01-01: the node role is meant' }
        }
      )
    ]
  ]
  for (const [why, object, old] of table)
    t.equal((await answer(object, { ...(old && { old }) })).allowed, true, why)
})

t.test('an account that could not be read is told as not checked', async (t) => {
  const { warnings } = await answer(podOf({ serviceAccountName: 'search' }))
  t.match(warnings, [
    /^not checked: pod-not-mutated and 3 more: service account shop\/search was not read in time$/
  ])
})

t.test('a template is warned about before any pod exists', async (t) => {
  const { warnings } = await answer(deploymentOf({ containers: [{ name: 'app', env: [roleEnv] }] }))
  t.match(warnings, [/^mutation-preempted: container app lacks AWS_WEB_IDENTITY_TOKEN_FILE after/, /fix/])
})
