import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { type Certificates, planCertificates } from '../../../src/controller/certificates/certificate-plan.js'
import { issueCa, issueServing } from '../../../src/controller/certificates/issue-certificate.js'

const hosts = ['irsa-guard.irsa-guard.svc', '127.0.0.1', '::1']
const start = new Date('2026-11-24T00:00:00Z')
const later = (days: number): Date => new Date(start.getTime() + days * 86_400_000)
const fresh = planCertificates({}, hosts, start)

/** What an API server finds that trusts `cas`. */
function isTrusted({ serving, cas }: Certificates, trusted = cas): boolean {
  const leaf = new X509Certificate(serving.certificate)
  return trusted.some(
    (ca) => leaf.checkIssued(new X509Certificate(ca)) && leaf.verify(new X509Certificate(ca).publicKey)
  )
}

t.test('makes a CA and a serving certificate for every host', async (t) => {
  const [ca] = fresh.cas.map((pem) => new X509Certificate(pem))
  const leaf = new X509Certificate(fresh.serving.certificate)
  t.equal(fresh.cas.length, 1)
  t.match(ca, { ca: true, subject: 'CN=irsa-guard-ca' })
  t.ok(isTrusted(fresh))
  t.equal(leaf.checkHost('irsa-guard.irsa-guard.svc'), 'irsa-guard.irsa-guard.svc')
  t.equal(leaf.checkIP('::1'), '::1')
  t.strictSame(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'serverAuth')
  t.equal(leaf.ca, false)
})

t.test('leaves everything as it is while nothing is due', async (t) => {
  for (const days of [0, 1, 30, 59])
    t.strictSame(planCertificates(fresh, hosts, later(days)), fresh, `after ${days} days`)
})

t.test(
  'renews the serving certificate after two thirds of its life, or for other hosts, from the same CA',
  async (t) => {
    for (const [at, names] of [
      [later(61), hosts],
      [later(1), [...hosts, 'new.example']]
    ] as const) {
      const renewed = planCertificates(fresh, names, at)
      t.strictSame(renewed.cas, fresh.cas)
      t.not(renewed.serving.certificate, fresh.serving.certificate)
      t.ok(isTrusted(renewed, fresh.cas))
    }
  }
)

t.test(
  'replaces the CA in steps: trusted first, signing an hour later, the old one gone a day after that',
  async (t) => {
    const day = 365 * 5 * 0.8 + 1
    const old = planCertificates(fresh, hosts, later(day - 10))
    const first = planCertificates(old, hosts, later(day))
    t.equal(first.cas.length, 2)
    t.equal(first.cas[1], old.cas[0])
    t.strictSame(first.serving, old.serving, 'still the old CA’s')
    t.ok(isTrusted(first, old.cas), 'an API server that has not seen the new bundle yet still trusts it')

    t.strictSame(planCertificates(first, hosts, later(day + 0.03)), first, 'nothing for an hour')
    const second = planCertificates(first, hosts, later(day + 0.05))
    t.strictSame(second.cas, first.cas)
    t.ok(isTrusted(second, [first.cas[0] ?? '']), 'now the new CA signs')
    t.strictSame(planCertificates(second, hosts, later(day + 0.5)), second)
    t.strictSame(planCertificates(second, hosts, later(day + 1.1)).cas, [first.cas[0]])
  }
)

t.test('corrects whatever was put into the Secrets', async (t) => {
  const other = issueCa('irsa-guard-ca', { from: start, until: later(100) })
  const foreign = issueServing(other, hosts, { from: start, until: later(90) })
  const table: readonly (readonly [string, Partial<Certificates>])[] = [
    ['no CA key', { ...fresh, caKey: '' }],
    ["another CA's key", { ...fresh, caKey: other.key }],
    ['no certificates', { ...fresh, cas: ['garbage'] }],
    ['garbage for a serving certificate', { ...fresh, serving: { certificate: 'x', key: 'y' } }],
    ['a serving certificate of another CA', { ...fresh, serving: foreign }],
    ['a serving certificate with another key', { ...fresh, serving: { ...fresh.serving, key: foreign.key } }]
  ]
  for (const [why, found] of table) {
    const fixed = planCertificates(found, hosts, later(1))
    t.ok(isTrusted(fixed), why)
    t.strictSame(planCertificates(fixed, hosts, later(1)), fixed, `${why}: and that stays`)
  }
  const expired = planCertificates(fresh, hosts, later(365 * 6))
  t.ok(isTrusted(expired) && expired.cas.length === 1, 'an expired CA is forgotten')
})

t.test('issues certificates that end after 2049, and names of more than 64 characters', async (t) => {
  const ca = issueCa('x'.repeat(80), { from: start, until: new Date('2051-01-01T00:00:00Z') })
  t.equal(new X509Certificate(ca.certificate).validToDate.getUTCFullYear(), 2051)
})
