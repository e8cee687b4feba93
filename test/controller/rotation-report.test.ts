import { pino } from 'pino'
import t from 'tap'
import type { ClusterAuthority } from '../../src/ca-bundle/eks-authorities.js'
import { guardedWebhooksOf } from '../../src/ca-bundle/guarded-webhooks.js'
import { type Rotation, rotationOf } from '../../src/ca-bundle/rotation.js'
import type { Assessment } from '../../src/controller/assessment.js'
import { type ReportedRotation, reportRotation } from '../../src/controller/rotation-report.js'
import { parseBundle } from '../../src/x509/bundle.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { newestGo } from '../../src/x509/go-version.js'
import { clusterCa, configurationWith, otherCa } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import { clientThat } from '../support/kube-client.js'

const activation = new Date('2026-12-24T00:00:00Z')
const days = (count: number): Date => new Date(activation.getTime() - count * 86_400_000)
const [pemA, pemB] = [pem(clusterCa.der), pem(otherCa.der)]
const certificateOf = (text: string): Certificate =>
  parseBundle(Buffer.from(text), newestGo).certificates[0] as Certificate // it has one
const authority = (id: string, text: string, more: Partial<ClusterAuthority>): ClusterAuthority => ({
  id,
  certificate: certificateOf(text),
  data: undefined,
  signing: 'not-used',
  distribution: 'complete',
  createdAt: undefined,
  activatedAt: undefined,
  notBefore: undefined,
  notAfter: undefined,
  firstAutoActivation: undefined,
  finalAutoActivation: undefined,
  rollbackAvailable: undefined,
  ...more
})
const created = { a: new Date('2018-12-01T00:00:00Z'), b: new Date('2026-11-18T00:00:00Z') }
const dual = (at: Date): Rotation =>
  rotationOf({
    clusterCas: pemA + pemB,
    served: [],
    authorities: [
      authority('a', pemA, { signing: 'in-use', createdAt: created.a }),
      authority('b', pemB, { firstAutoActivation: activation, createdAt: created.b })
    ],
    at
  })
const assessmentOf = (bundle: string): Assessment => {
  const [guarded] = guardedWebhooksOf([configurationWith(bundle)], [])
  if (guarded === undefined) throw new Error('not guarded')
  return { guarded, source: undefined, state: 'incomplete', because: 'a', extra: [] }
}

t.test('warns 60, 30 and 7 days before the activation, each once, and once after its date', async (t) => {
  let events: { reason: string; message: string }[] = []
  const client = clientThat(({ body }) => {
    events.push(body as { reason: string; message: string })
    return { status: 201 }
  })
  let reported: ReportedRotation | undefined
  const warningsAt = async (left: number, bundle: string): Promise<string[]> => {
    const now = days(left)
    events = []
    reported = await reportRotation({ client, log: pino({ level: 'silent' }), now }, dual(now), {
      assessments: [assessmentOf(bundle)],
      reported
    })
    return events.filter(({ reason }) => reason === 'ClusterCAActivationNear').map(({ message }) => message)
  }
  t.strictSame(await warningsAt(61, pemA), [])
  t.match(await warningsAt(60, pemA), [/^EKS activates CN=kubernetes .* within 60 days, by 2026-12-24/])
  t.strictSame(await warningsAt(31, pemA), [])
  t.match(await warningsAt(30, pemA), [/within 30 days, by /])
  t.match(await warningsAt(7, pemA), [/within 7 days, by /])
  t.strictSame(await warningsAt(1, pemA), [])
  t.strictSame(await warningsAt(-1, pemA), [], 'the same warning is not repeated after the date')
  t.strictSame(await warningsAt(-2, pemB + pemA), [], 'the bundle has both')
  t.match(await warningsAt(-3, pemA), [
    /^EKS planned to activate CN=kubernetes .* at 2026-12-24T00:00:00Z, and the caBundle of webhook iam-for-pods.amazonaws.com lacks it: calls will fail then/
  ])
})
