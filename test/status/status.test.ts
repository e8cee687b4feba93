import t from 'tap'
import { loadShippedObjects } from '../../src/commands/support/shipped-objects.js'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { known, unknown } from '../../src/model/fact.js'
import { judgeAbsence } from '../../src/status/absence.js'
import { judgeAwsAccess } from '../../src/status/aws-access.js'
import {
  judgeOwnBundle,
  judgeServingCertificate,
  type ServedCertificate
} from '../../src/status/certificates.js'
import type { LiveObject } from '../../src/status/check.js'
import { judgeConfig } from '../../src/status/config.js'
import { judgePolicies } from '../../src/status/policies.js'
import {
  judgeLeftovers,
  judgeNamespaces,
  judgePermissions,
  judgePolicyApi,
  judgeVersion,
  judgeWebhookAdmission
} from '../../src/status/preflight.js'
import { judgeProbe, policyExemptionOf, webhookExemptionOf } from '../../src/status/probes.js'
import { judgeProcess, runningVersionOf } from '../../src/status/processes.js'
import { judgeRegistration } from '../../src/status/registration.js'
import { isForCertificates, judgeRights, shippedRightsOf } from '../../src/status/rights.js'
import { collectionOf, imageVersionOf, shippedIn, shippedObject } from '../../src/status/shipped.js'
import {
  judgeGuardedBundles,
  judgeWebhookTrust,
  type PublishedTrust
} from '../../src/status/webhook-trust.js'
import { version } from '../../src/version.js'
import { grantedRights } from '../support/rights.js'

const at = new Date('2026-11-27T12:00:00Z')
const installation = { namespace: 'irsa-guard', kubectl: 'kubectl', clusterFlags: ' --context prod', at }
const shipped = await loadShippedObjects()
const refused = unknown('x could not be read (the API server answered 403)')

t.test('no installation', async (t) => {
  const none = known(undefined)
  t.strictSame(judgeAbsence([none, none], installation), {
    check: 'installation',
    state: 'wrong',
    message: 'irsa-guard is not installed in namespace irsa-guard',
    because: 'to check whether it can be installed: irsa-guard status --pre --context prod',
    fix: 'kubectl apply -k DIR   # DIR: a kustomization of manifests/, or install the Helm chart (docs/install.md)'
  })
  t.match(judgeAbsence([none], { ...installation, namespace: 'guard' }), {
    message: /in namespace guard$/,
    because: /irsa-guard status --pre --context prod -n guard$/
  })
  t.equal(judgeAbsence([none, known({})], installation), undefined, 'a part of it exists')
  t.equal(judgeAbsence([none, refused], installation), undefined, 'it is not known')
})

t.test('processes', async (t) => {
  const container = { name: 'serve', image: `registry:5000/irsa-guard:v0.0.9@sha256:abc` }
  const deployment = (replicas: number | undefined, status: LiveObject): LiveObject => ({
    spec: {
      replicas,
      template: { spec: { containers: [{ name: 'proxy', image: 'proxy:1.2.3' }, container] } }
    },
    status
  })
  const judge = (
    deployment: Parameters<typeof judgeProcess>[1]['deployment'],
    pods: Parameters<typeof judgeProcess>[1]['pods'] = known([])
  ) => judgeProcess('serve', { deployment, pods }, { ...installation, shippedReplicas: 2 })
  const pod = (status: LiveObject): LiveObject => ({ metadata: { name: 'a' }, status })

  t.match(judge(refused), {
    state: 'unknown',
    fix: 'kubectl auth can-i get deployments.apps/irsa-guard-serve -n irsa-guard'
  })
  t.match(judge(known(deployment(undefined, { readyReplicas: 1 })), refused), {
    state: 'ok',
    message: `1 of 1 ready, restarts unknown, image ${container.image} (this command is ${version})`
  })
  t.match(
    judge(
      known(deployment(1, { readyReplicas: 1 })),
      known([
        pod({
          containerStatuses: [{ restartCount: 3, lastState: { terminated: { reason: 'OOMKilled' } } }, {}]
        }),
        pod({ containerStatuses: [{ restartCount: 1 }] })
      ])
    ).message,
    /4 restarts \(last: OOMKilled\)/
  )
  const failing = (status: LiveObject, pods = known([pod({})]) as Parameters<typeof judge>[1]) =>
    judge(known(deployment(2, status)), pods).message
  t.equal(failing({}), '0 of 2 ready: pod a is unknown')
  t.equal(failing({}, known([])), '0 of 2 ready')
  t.equal(failing({}, refused), `0 of 2 ready: the pods could not be read (${refused.because})`)
  t.equal(
    failing({
      conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'forbidden: exceeded quota' }]
    }),
    '0 of 2 ready: forbidden: exceeded quota'
  )
  t.equal(
    failing(
      { readyReplicas: 1 },
      known([
        pod({ conditions: [{ type: 'Ready', status: 'True' }] }),
        pod({
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', message: 'no nodes' }]
        })
      ])
    ),
    '1 of 2 ready: pod a is Pending: no nodes'
  )
  t.equal(failing({}, known([pod({ phase: 'Running' })])), '0 of 2 ready: pod a is running, not ready')

  t.equal(runningVersionOf(refused), undefined)
  t.equal(runningVersionOf(known({})), undefined)
  const versions: readonly (readonly [string, string | undefined])[] = [
    ['irsa-guard:0.1.0', '0.1.0'],
    ['registry:5000/irsa-guard', undefined],
    ['registry:5000/a/irsa-guard:v1.2.3-rc.1@sha256:abc', '1.2.3-rc.1'],
    ['irsa-guard:latest', undefined],
    ['', undefined]
  ]
  for (const [image, expected] of versions) t.equal(imageVersionOf(image), expected, image)
})

t.test('registration', async (t) => {
  const own = shippedObject(shipped, 'ValidatingWebhookConfiguration', 'irsa-guard')
  const judge = (live: LiveObject | undefined, service: LiveObject | undefined = {}) =>
    judgeRegistration(
      { configuration: known(live), service: known(service) },
      { ...installation, shipped: own }
    )
  const [first, second] = own['webhooks'] as [LiveObject, LiveObject]
  const changed = (change: LiveObject) => judge({ webhooks: [{ ...first, ...change }, second] })

  t.match(judge(own), { state: 'ok', message: '2 webhooks, called at the Service, failurePolicy Ignore' })
  t.match(
    judgeRegistration(
      { configuration: known(own), service: known(undefined) },
      { ...installation, shipped: own }
    ),
    {
      state: 'wrong',
      message: 'there is no Service irsa-guard in namespace irsa-guard'
    }
  )
  t.match(judge({ webhooks: [first] }), { message: 'webhook workloads.irsa-guard.io is missing' })
  const faults: readonly (readonly [LiveObject, RegExp])[] = [
    [{ failurePolicy: undefined }, /has failurePolicy Fail, so requests fail/],
    [{ timeoutSeconds: 1 }, /has timeoutSeconds 1; irsa-guard needs up to 3/],
    [{ admissionReviewVersions: ['v1beta1'] }, /does not accept reviews of version v1/],
    [{ matchConditions: [] }, /lacks the match condition not-break-glass/],
    [{ clientConfig: { service: { namespace: 'a', name: 'b' } } }, /is called at Service a\/b/],
    [{ rules: [] }, /is not called for CREATE serviceaccounts, UPDATE serviceaccounts, CREATE pods/]
  ]
  for (const [change, message] of faults) t.match(changed(change), { state: 'wrong', message })
  const all = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }
  t.match(changed({ rules: [all], timeoutSeconds: undefined }), { state: 'ok' }, 'more than what is shipped')
  t.match(
    changed({
      objectSelector: { matchLabels: { a: 'b' } },
      matchConditions: [...(first['matchConditions'] as LiveObject[]), { name: 'mine', expression: 'true' }]
    }),
    { state: 'ok', message: /has an objectSelector; .* has more match conditions than the shipped webhook/ }
  )
  t.match(
    judgeRegistration({ configuration: refused, service: refused }, { ...installation, shipped: own }),
    {
      state: 'unknown'
    }
  )
})

t.test('certificates', async (t) => {
  const configuration = known({ webhooks: [{ name: 'a', clientConfig: { caBundle: 'aGVsbG8K' } }] })
  const managed = { ...installation, isManaged: true }
  t.match(judgeOwnBundle(configuration, known(undefined), managed), {
    state: 'wrong',
    message: 'a: the API server can read no certificate in the caBundle'
  })
  t.match(judgeOwnBundle(refused, known(undefined), managed), { state: 'unknown' })
  const serving = (until: string) =>
    judgeServingCertificate(known({ until: new Date(until) }), undefined, managed)
  t.match(serving('2027-02-01T00:00:00Z'), {
    state: 'ok',
    message: /^valid until 2027-02-01T00:00:00Z, according to a metric of serve/
  })
  t.match(serving('2026-12-10T00:00:00Z'), {
    state: 'wrong',
    message: /^valid until 2026-12-10T00:00:00Z, and not renewed$/
  })
  t.match(judgeServingCertificate(unknown('why'), undefined, managed), {
    state: 'unknown',
    because: 'why',
    fix: /secret irsa-guard-serving-cert .*openssl x509 -noout/
  })
})

t.test('certificates that the controller does not issue', async (t) => {
  const own = { ...installation, isManaged: false }
  const validity = { from: new Date('2026-11-01T00:00:00Z'), until: new Date('2027-11-01T00:00:00Z') }
  const [ca, other] = [issueCa('root', validity), issueCa('other', validity)]
  const caBundle = Buffer.from(ca.certificate).toString('base64')
  const host = 'irsa-guard.irsa-guard.svc'
  const configuration = known({ webhooks: [{ name: 'validate.irsa-guard.io', clientConfig: { caBundle } }] })
  const entry = {
    name: 'validate.irsa-guard.io',
    action: 'Warn' as const,
    accepted: ['AAAA'],
    complete: [],
    injectors: []
  }
  t.match(judgeOwnBundle(configuration, known([entry]), own), { state: 'ok' }, 'a CA that it cannot know')
  t.match(judgeOwnBundle(configuration, known([entry]), { ...own, isManaged: true }), { state: 'wrong' })
  t.match(judgeOwnBundle(known({ webhooks: [{ name: 'a', clientConfig: {} }] }), known([]), own), {
    state: 'wrong',
    fix: /write the CA of your certificate to caBundle/
  })

  const serving = (served: ServedCertificate) => judgeServingCertificate(known(served), caBundle, own)
  const chain = (issuer: typeof ca, until: string) =>
    issueServing(issuer, [host], { ...validity, until: new Date(until) }).certificate
  t.match(
    serving({ chain: chain(ca, '2026-11-28T00:00:00Z'), host }),
    { state: 'ok', message: /^valid until 2026-11-28T00:00:00Z, and the API server accepts it/ },
    'short-lived certificates are the choice of their issuer'
  )
  for (const served of [
    { chain: chain(other, '2027-02-01T00:00:00Z'), host },
    { until: new Date('2026-11-26T00:00:00Z') }
  ])
    t.match(serving(served), { state: 'wrong', fix: /renew the certificate in this Secret/ })
  t.notMatch(JSON.stringify(serving({ until: new Date('2026-11-26T00:00:00Z') })), /restart|controller/)
  t.match(judgeServingCertificate(unknown('why'), undefined, own), { fix: /get secret SECRET / })

  const rights = shippedRightsOf(shipped)
  t.strictSame(
    rights.filter(isForCertificates).map(({ account }) => account),
    Array.from({ length: 5 }, () => 'irsa-guard-controller')
  )
})

t.test('policies', async (t) => {
  const policy = shippedObject(shipped, 'ValidatingAdmissionPolicy', 'irsa-guard-ca-bundle-deny')
  const changed = { shipped: policy, live: known({ spec: {} }) }
  const judge = (reading: Parameters<typeof judgePolicies>[0][number], runningVersion?: string) =>
    judgePolicies([reading], { ...installation, runningVersion })
  t.match(judge(changed), { state: 'wrong' })
  t.match(judge(changed, version), { state: 'wrong' })
  t.match(judge(changed, '0.0.9'), { state: 'unknown', because: /^irsa-guard 0\.0\.9 runs in the cluster/ })
  t.match(judge({ ...changed, live: known(undefined) }, '0.0.9'), { state: 'wrong', message: /is missing$/ })
  t.match(judge({ ...changed, live: refused }), { state: 'unknown', because: refused.because })
})

t.test('the WebhookTrust', async (t) => {
  const trust: PublishedTrust = { confirmedAt: at, entries: [], status: [], isTampered: false }
  const judge = (changes: Partial<PublishedTrust>) =>
    judgeWebhookTrust({ isServed: known(true), trust: known({ ...trust, ...changes }) }, installation)
  t.match(judge({}), { state: 'ok', message: /^confirmed less than a minute ago/ })
  t.match(judge({ confirmedAt: new Date(at.getTime() - 61_000) }), {
    state: 'ok',
    message: /^confirmed 1 minute ago/
  })
  t.match(judge({ isTampered: true }), { state: 'wrong', message: /another client changed/ })
  t.match(judge({ confirmedAt: new Date(at.getTime() - 3_600_000) }), {
    state: 'wrong',
    message: 'last confirmed 60 minutes ago'
  })
  t.match(judge({ confirmedAt: new Date(at.getTime() - 20 * 3_600_000) }), {
    state: 'wrong',
    message: 'last confirmed 20 hours ago'
  })
  t.match(judge({ confirmedAt: new Date(at.getTime() + 3_600_000) }), {
    state: 'wrong',
    message: /in the future$/
  })
  t.match(judgeWebhookTrust({ isServed: known(false), trust: known(undefined) }, installation), {
    state: 'wrong',
    message: 'the kind WebhookTrust is not installed'
  })
  t.match(judgeWebhookTrust({ isServed: refused, trust: refused }, installation), { state: 'unknown' })

  const states = (...all: PublishedTrust['status'][number]['state'][]) =>
    judgeGuardedBundles(
      {
        isServed: known(true),
        trust: known({
          ...trust,
          status: all.map((state, index) => ({
            configuration: 'mutatingwebhookconfiguration/a',
            name: `w${index}`,
            state,
            because: state,
            since: '2026'
          }))
        })
      },
      installation
    )
  t.match(states('ok', 'incomplete'), { state: 'ok', because: /since 2026: incomplete$/ })
  t.match(states('incomplete', 'unknown'), { state: 'unknown', because: /: unknown$/ })
  t.match(states('unknown', 'stale'), {
    state: 'wrong',
    because: /: stale$/,
    fix: 'irsa-guard ca mutatingwebhookconfiguration/a --context prod --fix'
  })
  t.match(states(...Array<'ok'>(9).fill('ok')), { state: 'ok', message: /w7 is ok and 1 more$/ })
  t.match(judgeGuardedBundles({ isServed: known(true), trust: refused }, installation), { state: 'unknown' })
})

t.test('probes', async (t) => {
  const fails = { state: 'fails', because: 'admitted' } as const
  t.match(judgeProbe('self-test', fails, undefined, installation), { state: 'wrong', fix: /-n irsa-guard / })
  t.match(judgeProbe('self-test', fails, 'you are exempt', installation), {
    state: 'unknown',
    because: 'you are exempt'
  })
  const caller = { username: 'anna', groups: ['team'] }
  t.equal(webhookExemptionOf(caller, { users: [], groups: [] }), undefined)
  t.equal(webhookExemptionOf(caller, { users: ['anna'], groups: [] }), 'irsa-guard exempts your user anna')
  t.equal(webhookExemptionOf(caller, { users: [], groups: ['team'] }), 'irsa-guard exempts your group team')
  t.match(webhookExemptionOf(undefined, { users: [], groups: [] }), /it is unknown/)
  t.equal(policyExemptionOf(caller), undefined)
  t.match(policyExemptionOf({ username: 'eks:admin', groups: [] }), /users of EKS/)
  t.match(policyExemptionOf(undefined), /it is unknown/)
})

t.test('rights', async (t) => {
  const rights = shippedRightsOf(shipped)
  const verbs = grantedRights().reduce(
    (sum, { what, names = [''], verbs }) => sum + what.length * names.length * verbs.length,
    0
  )
  t.equal(rights.length, verbs, 'those that the table of docs/rights.md has')
  const judge = (isLacking: (text: string) => boolean) =>
    judgeRights(
      rights.map((right) => ({ right, isAllowed: known(!isLacking(JSON.stringify(right.attributes))) })),
      installation
    )
  t.match(
    judge((text) => text.includes('well-known')),
    {
      state: 'wrong',
      message: /irsa-guard-serve may not get \/\.well-known\/openid-configuration/
    }
  )
  t.match(
    judge((text) => text.includes('"status"')),
    {
      message: 'missing: irsa-guard-controller may not patch webhooktrusts/status.irsa-guard.io cluster'
    }
  )
  t.match(
    judge((text) => text.includes('"secrets"') && text.includes('"create"')),
    {
      message: 'missing: irsa-guard-controller may not create secrets in irsa-guard'
    }
  )
  t.match(
    judge((text) => text.includes('pod-identity-webhook')),
    { state: 'ok', message: /without \d+ that are optional$/ }
  )
})

t.test('AWS access and the configuration', async (t) => {
  t.match(judgeAwsAccess(refused, 'a/role-arn', installation), {
    state: 'unknown',
    fix: /auth can-i get serviceaccounts/
  })
  t.match(judgeAwsAccess(known(undefined), 'a/role-arn', installation), { state: 'unknown' })
  const parse = (): never => {
    throw new Error('mode is "a"\nand b')
  }
  const configMap = known({ data: { 'config.yaml': 'mode: a' } })
  const judge = (reading: Parameters<typeof judgeConfig>[0], runningVersion?: string) =>
    judgeConfig(reading, parse, { ...installation, runningVersion })
  t.match(judge(configMap), { state: 'wrong', message: 'mode is "a"; and b' })
  t.match(judge(configMap, '0.0.9'), { state: 'unknown' })
  t.match(judge(known({})), { state: 'wrong', message: /has no key/ })
  t.match(judge(known(undefined)), { state: 'wrong', message: /^there is no ConfigMap/ })
  t.match(judge(refused), { state: 'unknown' })
})

t.test('before installing', async (t) => {
  const versions: readonly (readonly [string, string])[] = [
    ['v1.29.9-eks-1', 'wrong'],
    ['v1.30.0', 'ok'],
    ['v1.36.2+k3s1', 'ok'],
    ['v2.0.0', 'ok'],
    ['unknown', 'unknown']
  ]
  for (const [found, state] of versions) t.equal(judgeVersion(found).state, state, found)

  const list = (...names: string[]) => known({ resources: names.map((name) => ({ name })) })
  const webhooks = list('mutatingwebhookconfigurations', 'validatingwebhookconfigurations')
  t.match(
    judgePolicyApi(webhooks),
    { state: 'wrong', message: /no validatingadmissionpolicies, validating/ },
    'an old API'
  )
  t.match(judgePolicyApi(refused), { state: 'unknown' })
  t.match(judgeWebhookAdmission(list(), known('')), { state: 'wrong' })
  t.match(judgeWebhookAdmission(refused, known('')), { state: 'unknown' })
  t.match(judgeWebhookAdmission(webhooks, refused), { state: 'unknown', because: /enabled by default$/ })
  t.match(judgeWebhookAdmission(webhooks, known('')), {
    state: 'unknown',
    because: /do not mention MutatingAdm/
  })

  t.match(
    judgePermissions(
      [
        { right: 'create a', isAllowed: known(true) },
        { right: 'b', isAllowed: refused }
      ],
      installation
    ),
    {
      state: 'unknown'
    }
  )
  t.match(judgePermissions([{ right: 'create a', isAllowed: known(false) }], installation), {
    state: 'wrong',
    message: 'you may not: create a',
    fix: 'kubectl auth can-i create a'
  })
  const leaving = known({ metadata: { name: 'irsa-guard', deletionTimestamp: '2026' } })
  t.match(judgeNamespaces([{ name: 'irsa-guard', live: leaving }], installation), {
    state: 'wrong',
    fix: 'kubectl wait --for=delete namespace/irsa-guard --timeout=120s'
  })
  t.match(judgeNamespaces([{ name: 'irsa-guard', live: refused }], installation), { state: 'unknown' })
  const [object = {}] = shipped
  t.match(judgeLeftovers([{ object, live: leaving }], known([]), installation), {
    state: 'wrong',
    message: /^being deleted: /
  })
  t.match(judgeLeftovers([{ object, live: refused }], known([]), installation), { state: 'unknown' })
  const named = { kind: 'ClusterRole', metadata: { name: 'Old:role;$(id)' } }
  t.match(
    judgeLeftovers([], known([named]), installation),
    { fix: "kubectl get 'clusterrole/Old:role;$(id)'" },
    'RBAC names can have any character'
  )
})

t.test('another namespace', async (t) => {
  const moved = JSON.stringify(shippedIn(shipped, 'guard'))
  t.notMatch(moved, /"namespace":"irsa-guard"|serviceaccount:irsa-guard:|"values":\["irsa-guard"\]/)
  t.match(moved, /"kind":"Namespace","metadata":\{"name":"guard"/)
  t.match(collectionOf({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }), {
    path: '/apis/networking.k8s.io/v1/networkpolicies'
  })
})
