import t from 'tap'
import { chains } from '../../../src/output/html/chain.js'
import { chainOf, placeOfRule } from '../../../src/output/html/chain-links.js'
import type { ReportedFinding } from '../../../src/output/report.js'
import { rules } from '../../../src/rules/index.js'
import { account, findingOf, judgedReport } from '../../support/report-objects.js'

t.test('every rule is placed in the chain, or says why it is not', async (t) => {
  t.strictSame(Object.keys(placeOfRule).sort(), rules.map(({ id }) => id).sort())
})

const annotation = 'metadata.annotations["eks.amazonaws.com/role-arn"]'

t.test('marks the link that a rule is about', async (t) => {
  const cases: readonly (readonly [rule: string, kind: string, field: string, chain: string, at: string])[] =
    [
      ['trust-subject-mismatch', 'ServiceAccount', annotation, 'irsa', 'trust-policy'],
      ['role-arn-malformed', 'ServiceAccount', annotation, 'irsa', 'annotation'],
      ['pod-not-mutated', 'Pod', 'spec.containers', 'irsa', 'identity-webhook'],
      ['role-annotation-misplaced', 'Deployment', `spec.template.${annotation}`, 'irsa', 'annotation'],
      // A template with its own role and token needs neither annotation nor identity webhook.
      ['role-missing', 'DaemonSet', 'spec.template.spec.containers[0].env[0]', 'byHand', 'role'],
      ['role-arn-malformed', 'Deployment', 'spec.template.spec.containers[0].env[0]', 'byHand', 'pod'],
      ['oidc-client-id-missing', 'Pod', 'spec.volumes[0].projected.sources[0]', 'byHand', 'provider'],
      [
        'static-credentials-shadow-role',
        'Deployment',
        'spec.template.spec.containers[0].env[0]',
        'irsa',
        'pod'
      ],
      // These rules judge both chains; only IRSA has an annotation.
      ['trust-policy-invalid', 'ServiceAccount', annotation, 'irsa', 'trust-policy'],
      ['trust-policy-invalid', 'ServiceAccount', 'metadata.name', 'podIdentity', 'trust-policy'],
      [
        'trust-explicit-deny',
        'Deployment',
        'spec.template.spec.initContainers[0].env[0]',
        'byHand',
        'trust-policy'
      ],
      ['trust-explicit-deny', 'PodIdentityAssociation', 'spec.roleARN', 'podIdentity', 'trust-policy'],
      ['pod-identity-proxy', 'Deployment', 'spec.template.spec.containers[0].env[1]', 'podIdentity', 'agent'],
      ['pod-identity-target-untrusted', 'ServiceAccount', 'metadata.name', 'podIdentity', 'target-role']
    ]
  for (const [rule, kind, field, chain, at] of cases) {
    const found = chainOf(reported(rule, kind, field))
    const links = chains[chain as keyof typeof chains]
    const label = `${rule} at ${field}`
    t.equal(found?.at, at, label)
    t.strictSame(
      found?.links,
      at === 'target-role' ? links : links.filter((link) => link !== 'target-role'),
      label
    )
  }
})

t.test('draws no chain for a webhook that may have nothing to do with identities', async (t) => {
  t.equal(chainOf(reported('ca-bundle-expired', 'ValidatingWebhookConfiguration', 'webhooks[0]')), undefined)
  t.equal(chainOf(reported('namespace-setting-invalid', 'Namespace', 'metadata.labels["a"]')), undefined)
})

t.test('each link that a rule is about is in its chain', async (t) => {
  for (const rule of rules)
    for (const field of [annotation, 'metadata.name', 'spec.containers[0].env[0]']) {
      const chain = chainOf(reported(rule.id, 'Pod', field))
      t.ok(chain === undefined || chain.links.includes(chain.at), `${rule.id} at ${field}`)
    }
})

function reported(rule: string, kind: string, field: string): ReportedFinding {
  const [finding] = judgedReport([account('a', { kind }), findingOf(rule, { field })]).findings
  if (finding === undefined) throw new Error('the report has one finding')

  return finding
}
