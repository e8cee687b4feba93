import { once } from 'node:events'
import { pino } from 'pino'
import t from 'tap'
import type { Sources } from '../../src/facts/facts.js'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../../src/identity-webhook/settings.js'
import { checkObjects } from '../../src/library/index.js'
import { known, unknown } from '../../src/model/fact.js'
import { type Mode, parseNamespaceSettings } from '../../src/model/namespace.js'
import { buildMetrics } from '../../src/process/metrics.js'
import { review } from '../../src/review.js'
import { buildApp, type Reviewed } from '../../src/server/app.js'
import { buildReviewHandler, type ReviewHandler } from '../../src/server/handle-review.js'
import { recordReview } from '../../src/server/record-review.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'

const account = '111122223333'
const iam = {
  apiVersion: 'irsa-guard.io/v1',
  kind: 'IamSnapshot',
  accounts: [account],
  roles: [
    {
      arn: `arn:aws:iam::${account}:role/team/cart`,
      trustPolicy: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: {
            Federated: `arn:aws:iam::${account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE`
          },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub': 'system:serviceaccount:shop:cart',
              'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:aud': 'sts.amazonaws.com'
            }
          }
        }
      }
    }
  ],
  oidcProviders: [
    {
      arn: `arn:aws:iam::${account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE`,
      clientIds: ['sts.amazonaws.com']
    }
  ]
}
const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const good = `arn:aws:iam::${account}:role/team/cart`
const bad = `arn:aws:iam::${account}:policy/cart`

const serviceAccount = (role: unknown, annotations: Record<string, unknown> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name: 'cart',
    namespace: 'shop',
    annotations: { ...annotations, ...(role !== undefined && { 'eks.amazonaws.com/role-arn': role }) }
  }
})

const reviewOf = (object: unknown, more: object = {}): Record<string, unknown> => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u-1',
    kind: { group: '', version: 'v1', kind: 'ServiceAccount' },
    operation: 'CREATE',
    namespace: 'shop',
    object,
    ...more
  }
})

const given: Sources = { iam: loadSnapshots([{ file: 'iam', content: iam }]).iam, issuer }

function build(mode: Mode = 'enforce', sources = given): ReturnType<typeof buildApp> {
  const handleReview = buildReviewHandler(
    (subject, deadline) => review(subject, { sources, mode, at: new Date(), deadline }),
    {
      users: ['robot'],
      groups: ['night shift']
    }
  )
  return buildApp({ handleReview, timeout: 2000 })
}

const post = async (
  app: ReturnType<typeof buildApp>,
  payload: object | string,
  url = '/validate'
): Promise<{ statusCode: number; body: unknown }> => {
  const reply = await app.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': 'application/json' }
  })
  return { statusCode: reply.statusCode, body: reply.json() }
}

t.test('lets a good service account pass in silence', async (t) => {
  t.strictSame((await post(build(), reviewOf(serviceAccount(good)), '/validate?timeout=3s')).body, {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: 'u-1', allowed: true }
  })
})

t.test('denies a malformed ARN with the whole story', async (t) => {
  t.match((await post(build(), reviewOf(serviceAccount(bad)))).body, {
    response: {
      uid: 'u-1',
      allowed: false,
      status: {
        code: 403,
        reason: 'Forbidden',
        message: [
          `service account shop/cart: role-arn-malformed: the annotation is the ARN of a policy, not of a role: "${bad}"`,
          '  fix: write the ARN of a role, arn:aws:iam::<12-digit-account>:role/<path/><name>'
        ].join('\n')
      },
      auditAnnotations: { findings: 'role-arn-malformed' }
    }
  })
})

t.test('answers v1beta1 in kind', async (t) => {
  const review = { ...reviewOf(serviceAccount(bad)), apiVersion: 'admission.k8s.io/v1beta1' }
  t.match((await post(build(), review)).body, {
    apiVersion: 'admission.k8s.io/v1beta1',
    response: { allowed: false }
  })
})

t.test(
  'denies a role of another partition, warns about one that does not exist or has another path',
  async (t) => {
    t.match(
      (await post(build(), reviewOf(serviceAccount(`arn:aws-cn:iam::${account}:role/team/cart`)))).body,
      {
        response: {
          allowed: false,
          status: { message: /role-arn-partition-mismatch: .* partition aws-cn, but the cluster is in aws/ }
        }
      }
    )
    t.match((await post(build(), reviewOf(serviceAccount(`arn:aws:iam::${account}:role/gone`)))).body, {
      response: {
        allowed: true,
        warnings: [/^role-missing: role .*role\/gone does not exist$/, /^role-missing: fix: /]
      }
    })
    t.match((await post(build(), reviewOf(serviceAccount(`arn:aws:iam::${account}:role/cart`)))).body, {
      response: { allowed: true, warnings: [/^role-path-mismatch: /, /fix: write .*team\/cart/] }
    })
  }
)

t.test('says what it could not check, and denies nothing for it', async (t) => {
  const app = build('enforce', {})
  t.match((await post(app, reviewOf(serviceAccount(good)))).body, {
    response: {
      allowed: true,
      warnings: [
        /^not checked: role-arn-partition-mismatch: the issuer/,
        /^not checked: role-missing and 18 more: no facts about IAM/
      ]
    }
  })
  const kops = build('enforce', { issuer: 'https://kops.example' })
  t.match((await post(kops, reviewOf(serviceAccount(good)))).body, {
    response: { allowed: true, warnings: [/is not an EKS issuer/] }
  })
  t.match((await post(build(), reviewOf(serviceAccount('arn:aws:iam::999999999999:role/x')))).body, {
    response: { allowed: true, warnings: [/does not list all roles of account 999999999999/] }
  })
})

t.test('denies only what this request made wrong', async (t) => {
  const update = reviewOf(serviceAccount(bad, { team: 'b' }), {
    operation: 'UPDATE',
    oldObject: serviceAccount(bad, { team: 'a' })
  })
  t.match((await post(build(), update)).body, {
    response: { allowed: true, warnings: [/role-arn-malformed/, /fix/] }
  })
  const worse = reviewOf(serviceAccount(bad), { operation: 'UPDATE', oldObject: serviceAccount(good) })
  t.match((await post(build(), worse)).body, { response: { allowed: false } })
  const deletion = reviewOf(null, { operation: 'DELETE', oldObject: serviceAccount(bad) })
  t.strictSame((await post(build(), deletion)).body, {
    ...reviewless,
    response: { uid: 'u-1', allowed: true }
  })
})
const reviewless = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }

t.test('obeys the mode', async (t) => {
  t.match((await post(build('warn'), reviewOf(serviceAccount(bad)))).body, {
    response: { allowed: true, warnings: [/malformed/, /fix/] }
  })
  const { body } = await post(build('audit'), reviewOf(serviceAccount(bad)))
  t.strictSame(body, {
    ...reviewless,
    response: { uid: 'u-1', allowed: true, auditAnnotations: { findings: 'role-arn-malformed' } }
  })
  t.strictSame((await post(build('off'), reviewOf(serviceAccount(bad)))).body, {
    ...reviewless,
    response: { uid: 'u-1', allowed: true }
  })
})

t.test("obeys the namespace's mode before its own", async (t) => {
  const inNamespace = (
    namespace: Awaited<ReturnType<NonNullable<Sources['cluster']>['readNamespace']>>
  ): Sources => ({
    ...given,
    cluster: { readIssuer: async () => unknown('not asked'), readNamespace: async () => namespace }
  })
  const settings = { podsEnforced: false, allowedRoles: undefined }
  for (const [own, mode, allowed] of [
    ['enforce', 'warn', true],
    ['enforce', undefined, false],
    ['warn', 'enforce', false],
    ['enforce', 'off', true]
  ] as const) {
    const app = build(own, inNamespace(known({ ...settings, mode })))
    t.match(
      (await post(app, reviewOf(serviceAccount(bad)))).body,
      { response: { allowed } },
      `${own}, namespace ${String(mode)}`
    )
  }
  t.match(
    (await post(build('enforce', inNamespace(unknown('no answer'))), reviewOf(serviceAccount(bad)))).body,
    {
      response: {
        allowed: true,
        warnings: [
          /malformed/,
          /fix/,
          /^not checked: role-not-permitted-in-namespace, irsa-guard.io\/mode: no answer$/
        ]
      }
    }
  )

  const misspelt = known(parseNamespaceSettings({ metadata: { labels: { 'irsa-guard.io/mode': 'Off' } } }))
  t.match((await post(build('enforce', inNamespace(misspelt)), reviewOf(serviceAccount(bad)))).body, {
    response: {
      allowed: true,
      warnings: [
        /malformed/,
        /fix/,
        /^not checked: irsa-guard.io\/mode: the label irsa-guard.io\/mode of the namespace is "Off"; expected enforce, warn, audit, off$/
      ]
    }
  })
})

t.test('leaves exempt users and groups alone, and says so in the audit log', async (t) => {
  for (const userInfo of [{ username: 'robot' }, { username: 'a', groups: [7, 'night shift'] }]) {
    t.match((await post(build(), reviewOf(serviceAccount(bad), { userInfo }))).body, {
      response: { allowed: true, auditAnnotations: { exempt: String } }
    })
  }
  t.match((await post(build(), reviewOf(serviceAccount(bad), { userInfo: { username: 'Robot' } }))).body, {
    response: { allowed: false }
  })
})

t.test('tells what happened to each review, and closes connections while draining', async (t) => {
  const reviewed: Reviewed[] = []
  const app = buildApp({
    handleReview: async ({ uid }) => ({ uid, allowed: true }),
    timeout: 2000,
    onReviewed: (one) => reviewed.push(one),
    isDraining: () => true
  })
  const reply = await app.inject({
    method: 'POST',
    url: '/validate',
    payload: reviewOf(serviceAccount(good))
  })
  t.equal(reply.headers.connection, 'close')
  await post(app, '{')
  t.match(reviewed, [
    { request: { kind: 'ServiceAccount' }, response: { allowed: true }, milliseconds: Number },
    { milliseconds: Number }
  ])
})

t.test('measures how long a review takes, from a real request to the metric', async (t) => {
  const metrics = buildMetrics()
  const app = buildApp({
    handleReview: async ({ uid }) => ({ uid, allowed: true }),
    timeout: 2000,
    onReviewed: (one) => {
      recordReview(metrics, pino({ level: 'silent' }), one)
    }
  })
  t.teardown(() => app.close())
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const send = async (body: string): Promise<number> =>
    (
      await fetch(`${address}/validate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body
      })
    ).status
  const sumOf = async (): Promise<number> =>
    Number(
      /^irsa_guard_review_duration_seconds_sum (\S+)$/m.exec(await metrics.registry.metrics())?.[1] ?? NaN
    )
  t.equal(await send(JSON.stringify(reviewOf(serviceAccount(good)))), 200)
  const first = await sumOf()
  t.ok(first > 0, `a review took ${first} s`)
  t.equal(await send('{'), 400)
  t.ok((await sumOf()) > first, 'a malformed one takes time, too')
})

t.test('a review ends with its deadline, or with the time that the API server leaves', async (t) => {
  const released = Promise.withResolvers<unknown>()
  const untilAborted: ReviewHandler = async ({ uid }, { signal }) => {
    await Promise.race([once(signal, 'abort'), released.promise])
    return { uid, allowed: true }
  }
  const patient = buildApp({ handleReview: untilAborted, timeout: 3_600_000 })
  const quick = buildApp({ handleReview: untilAborted, timeout: 1 })
  const long = post(patient, reviewOf(serviceAccount(good)), '/validate?timeout=1800s')
  for (const query of ['timeout=0s', 'a=b&timeout=1s', 'timeout=0s&timeout=1800s']) {
    t.match(
      await post(patient, reviewOf(serviceAccount(good)), `/validate?${query}`),
      { statusCode: 200 },
      query
    )
  }
  for (const query of [
    '',
    '?',
    '?timeout',
    '?timeout=',
    '?timeout=2m',
    '?timeout=30s',
    '?timeout=%',
    '?__proto__=1'
  ]) {
    t.match(
      await post(quick, reviewOf(serviceAccount(good)), `/validate${query}`),
      { statusCode: 200 },
      query
    )
  }
  t.equal(await Promise.race([long, 'under way']), 'under way', 'nothing shortens the time of another review')
  released.resolve(undefined)
  t.match(await long, { statusCode: 200 })
})

t.test('honours a waiver that has a reason and has not expired', async (t) => {
  const waived = async (value: unknown): Promise<unknown> =>
    (await post(build(), reviewOf(serviceAccount(bad, { 'ignore.irsa-guard.io/role-arn-malformed': value }))))
      .body
  t.match(await waived('migrating'), {
    response: { allowed: true, auditAnnotations: { waived: 'role-arn-malformed' } }
  })
  t.match(await waived('until 2999-12-31: migrating'), { response: { allowed: true } })
  for (const void_ of [
    '',
    ' ',
    'until 2020-01-31: migrating',
    'until 2999-12-31:',
    'until tomorrow: migrating',
    7
  ]) {
    t.match(await waived(void_), { response: { allowed: false } }, JSON.stringify(void_))
  }
  t.match(await waived('until 2020-01-31: migrating'), {
    response: {
      status: {
        message:
          /policy\/cart" \(waiver ignore\.irsa-guard\.io\/role-arn-malformed is not in effect: it expired at the end of 2020-01-31 \(UTC\)\)/
      }
    }
  })
})

t.test('escapes text of users', async (t) => {
  const { body } = await post(build(), reviewOf(serviceAccount('arn:aws:iam::x\n\u001b[31m:role/x y')))
  t.match(body, { response: { status: { message: /x\\n\\u\{1b\}\[31m/ } } })
})

t.test('answers malformed reviews with 4xx and a JSON error, and keeps running', async (t) => {
  const app = build()
  const table: readonly (readonly [string, object | string, number, RegExp?])[] = [
    ['not JSON', '{', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['another version', { apiVersion: 'v1', kind: 'AdmissionReview' }, 400],
    [
      'another kind',
      { apiVersion: 'admission.k8s.io/v1', kind: 'Pod' },
      400,
      /^kind is "Pod"; expected AdmissionReview$/
    ],
    [
      'kind is a map',
      { apiVersion: 'admission.k8s.io/v1', kind: {} },
      400,
      /^kind is an object; expected AdmissionReview$/
    ],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, 400],
    ['no uid', reviewOf({}, { uid: undefined }), 400, /^request.uid is missing; expected a string$/],
    ['a number as uid', reviewOf({}, { uid: 7 }), 400, /^request.uid is 7; expected a string$/],
    ['request is a list', { ...reviewOf({}), request: [] }, 400, /^request is a list; expected an object$/],
    ['object is a list', reviewOf([]), 400, /^request.object is a list; expected an object in a CREATE$/],
    [
      'object of no kind',
      reviewOf({ metadata: {} }),
      400,
      /^request.object.kind is missing; expected "ServiceAccount", as in request.kind$/
    ],
    [
      'nobody says a kind',
      reviewOf({ metadata: {} }, { kind: null }),
      400,
      /^request.object.kind is missing; expected a string$/
    ],
    ['no operation', reviewOf({}, { operation: undefined }), 400],
    ['null object', reviewOf(null), 400],
    [
      'a different kind than announced',
      reviewOf({ apiVersion: 'v1', kind: 'Pod' }),
      400,
      /kind is "Pod"; expected "ServiceAccount"/
    ],
    ['too deep', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
    ['too large', JSON.stringify({ a: 'x'.repeat(10 * 1024 * 1024) }), 413, /^the body is larger than 8 MiB$/]
  ]
  for (const [why, payload, status, error = /./] of table) {
    const { statusCode, body } = await post(app, payload)
    t.equal(statusCode, status, why)
    t.match(body, { statusCode: status, error }, why)
  }
  const plain = await app.inject({
    method: 'POST',
    url: '/validate',
    payload: '{}',
    headers: { 'content-type': 'text/plain' }
  })
  t.match(plain, { statusCode: 415 })
  t.match(plain.json(), { error: 'content-type is "text/plain"; expected application/json' })
  t.match((await app.inject({ method: 'POST', url: '/validate', payload: Buffer.from('{}') })).json(), {
    error: /^content-type is missing;/
  })
  t.match((await post(app, reviewOf(serviceAccount(good)))).statusCode, 200, 'still alive')
})

t.test('takes objects of any shape', async (t) => {
  for (const metadata of [
    null,
    [],
    'x',
    { annotations: null },
    { annotations: [] },
    { annotations: 'x' },
    { name: 7, namespace: {} }
  ]) {
    const { statusCode } = await post(
      build(),
      reviewOf({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
    )
    t.equal(statusCode, 200, JSON.stringify(metadata))
  }
  const long = reviewOf(serviceAccount(good, { note: '"\\[{}]'.repeat(4000) }))
  t.match(
    (await post(build(), long)).body,
    { response: { allowed: true } },
    'brackets in long strings are no depth'
  )
  t.match(
    (await post(build(), reviewOf({ apiVersion: 'v1', kind: 'ConfigMap' }, { kind: { kind: 'ConfigMap' } })))
      .body,
    {
      response: { allowed: true }
    }
  )
})

t.test('hides what went wrong inside', async (t) => {
  const app = buildApp({ handleReview: () => Promise.reject(new Error('secret')), timeout: 2000 })
  t.match(await post(app, reviewOf(serviceAccount(good))), {
    statusCode: 500,
    body: { error: 'internal error' }
  })
})

t.test('checks objects that are given alone', async (t) => {
  const [account, other] = await checkObjects([serviceAccount(good), 7], {
    iam: [iam],
    at: new Date('2026-11-24T00:00:00Z')
  })
  t.match(account, { allowed: true, findings: [], unchecked: [{ rule: 'role-arn-partition-mismatch' }] })
  t.match(other, { object: 7, allowed: false, findings: [{ rule: 'not-an-object', severity: 'error' }] })
  for (const nothing of [null, 'text', [], {}, { kind: 'ServiceAccount' }])
    t.match(await checkObjects([nothing]), [{ allowed: false, findings: [{ rule: 'not-an-object' }] }])
  t.match(await checkObjects([serviceAccount(good)]), [{ allowed: true, unchecked: [{}, {}, {}] }])
})

t.test('finds the same as check does', async (t) => {
  const roles = [
    good,
    bad,
    `arn:aws-cn:iam::${account}:role/x`,
    `arn:aws:iam::${account}:role/gone`,
    '',
    7,
    undefined
  ]
  for (const [role, annotationPrefix] of roles.flatMap((role) => [
    [role, 'eks.amazonaws.com'] as const,
    [role, 'aws.example'] as const
  ])) {
    const object = serviceAccount(undefined, {
      ...(role !== undefined && { [`${annotationPrefix}/role-arn`]: role })
    })
    const sources = {
      ...given,
      identityWebhook: withAnnotationPrefix(defaultIdentityWebhook, annotationPrefix)
    }
    const { body } = await post(build('enforce', sources), reviewOf(object))
    const [verdict] = await checkObjects([object], { iam, issuer, annotationPrefix })
    // A reverse look-up needs all roles in sight, so it is for check and scan only.
    const ids =
      verdict?.findings.flatMap(({ rule }) => (rule === 'role-annotation-missing' ? [] : [rule])).join(',') ??
      ''
    t.match(
      body,
      { response: ids === '' ? { allowed: true } : { auditAnnotations: { findings: ids } } },
      JSON.stringify(role)
    )
    t.equal(
      verdict?.allowed,
      role === good || role === undefined,
      `${annotationPrefix} ${JSON.stringify(role)}`
    )
  }
})
