// Usual objects in which some part is something else: findings or nothing, never an exception, at admission
// as in check.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { parseSubject } from '../src/model/subject.js'
import { review } from '../src/review.js'
import { buildReviewHandler } from '../src/server/handle-review.js'
import { loadSnapshots } from '../src/sources/iam-file/snapshot.js'
import { buildObjectSources } from '../src/sources/objects/objects.js'
import { deploymentOf, injectedPod, tokenVolume } from './support/pods.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from './support/webhooks.js'

const snapshot = loadSnapshots([
  { file: 'examples/iam.json', content: JSON.parse(readFileSync('examples/iam.json', 'utf8')) as unknown }
])
const clusterCa = readFileSync('examples/cluster-ca.pem', 'utf8')
const caBundle = Buffer.from(clusterCa).toString('base64')

const usual: readonly object[] = [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      annotations: {
        'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/team/cart',
        'eks.amazonaws.com/audience': 'sts.amazonaws.com',
        'eks.amazonaws.com/token-expiration': '3600',
        'ignore.irsa-guard.io/role-missing': 'until 2027-01-31: later'
      }
    }
  },
  injectedPod(),
  deploymentOf({
    volumes: [tokenVolume],
    nodeSelector: { 'kubernetes.io/os': 'windows' },
    os: { name: 'windows' }
  }),
  configurationOf(
    [
      eksWebhook({
        clientConfig: { url: 'https://127.0.0.1:23443/mutate', caBundle },
        matchConditions: [{ name: 'a', expression: 'b' }]
      }),
      selfManagedWebhook({
        namespaceSelector: {
          matchLabels: { a: 'b' },
          matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }]
        }
      })
    ],
    { annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
  ),
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: 'shop',
      labels: { 'irsa-guard.io/mode': 'enforce' },
      annotations: { 'irsa-guard.io/allowed-roles': 'arn:*' }
    }
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kube-root-ca.crt', namespace: 'shop' },
    data: { 'ca.crt': clusterCa }
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'pod-identity-webhook', namespace: 'default' },
    spec: { ports: [{ port: 443 }], selector: { a: 'b' } }
  }
]

// `toString` and `valueOf` that cannot be called: such an object cannot be made a text of.
const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    { toString: null, valueOf: null, length: 5 },
    JSON.parse('{"__proto__":{"a":1},"constructor":7}'),
    '\ud800',
    '\u0000'
  )
)

/** The object with what stands at one place replaced; `place` chooses among all places. */
function withOdd(object: unknown, place: number, value: unknown): unknown {
  const copy = structuredClone(object)
  const places: { at: Record<string, unknown>; key: string }[] = []
  const collect = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return
    for (const key of Object.keys(at)) {
      places.push({ at: at as Record<string, unknown>, key }) // of a list, the keys are its indexes
      collect((at as Record<string, unknown>)[key])
    }
  }
  collect(copy)
  const chosen = places[place % places.length]
  if (chosen) chosen.at[chosen.key] = value

  return copy
}

t.test('whatever stands in an object, there is a verdict that can be sent', async (t) => {
  const changed = fc.tuple(fc.nat({ max: usual.length - 1 }), fc.nat(), odd, fc.nat(), odd)
  await fc.assert(
    fc.asyncProperty(changed, changed, async ([index, ...first], [other, ...second]) => {
      const change = (
        object: unknown,
        [place, value, place2, value2]: [number, unknown, number, unknown]
      ): unknown => withOdd(withOdd(object, place, value), place2, value2)
      const object = change(usual[index], first)
      const objects = usual.map((one, at) => (at === other ? change(one, second) : one))
      const subjects = objects.flatMap((one) => parseSubject(one, { stage: 'source' }) ?? [])
      const sources = {
        iam: snapshot.iam,
        issuer: snapshot.issuer,
        ...buildObjectSources(subjects, objects),
        clusterCa
      }
      const judge = buildReviewHandler((subject, deadline) =>
        review(subject, { sources, mode: 'enforce', at: new Date(), deadline })
      )
      const request = {
        apiVersion: 'admission.k8s.io/v1' as const,
        uid: 'u',
        namespace: 'shop',
        kind: '',
        user: '',
        groups: []
      }
      const answer = await judge(
        { ...request, operation: 'UPDATE', object, old: change(usual[index], second) },
        new AbortController()
      )
      // The API server drops warnings with control characters; a denial has line breaks of its own.
      for (const text of [...(answer.warnings ?? []), ...(answer.status?.message.split('\n') ?? [])]) {
        if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new Error(text)
      }
      for (const stage of ['source', 'running'] as const) {
        const subject = parseSubject(object, { stage })
        if (subject)
          await review(subject, { sources, mode: 'enforce', at: new Date(), deadline: new AbortController() })
      }
    }),
    { numRuns: 2000 }
  )
  t.pass()
})
