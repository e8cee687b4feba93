// A mixed cluster as files: service accounts with IRSA, with EKS Pod Identity, with both and with neither. Some
// associations are in the IAM file, others are objects of ACK and Terraform.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type ManifestObject, parseManifest } from '../../src/input/manifests.js'
import { checkObjects } from '../../src/library/check-objects.js'
import { recordOf, textOf } from '../../src/text/record.js'
import { runCli } from '../support/run-cli.js'

const directory = 'test/field/pod-identity'
const iamFile = `${directory}/iam.json`
const iam = JSON.parse(readFileSync(iamFile, 'utf8')) as Record<string, unknown>

/** An object, its findings as `severity rule`, and why they are right or why there are none. */
type Row = readonly [object: string, findings: readonly string[], because: string]

const irsa: readonly Row[] = [
  ['ServiceAccount shop/irsa', [], 'its role admits it by IRSA'],
  ['Deployment shop/irsa', [], 'its account has a role'],
  ['ServiceAccount shop/irsa-renamed', ['error trust-subject-mismatch'], 'the role is for another account'],
  [
    'ServiceAccount shop/irsa-without-association',
    ['error trust-action-missing'],
    'the role trusts only EKS Pod Identity, and the list of associations is complete'
  ],
  ['ServiceAccount shop/irsa-fargate', [], 'IRSA works on Fargate'],
  ['Deployment shop/irsa-fargate', [], 'IRSA works on Fargate'],
  ['ServiceAccount shop/irsa-windows', [], 'IRSA works on Windows'],
  ['Deployment shop/irsa-windows', [], 'IRSA works on Windows']
]
const podIdentity: readonly Row[] = [
  ['ServiceAccount shop/pods', [], 'its role admits it by EKS Pod Identity'],
  ['Deployment shop/pods', [], 'its account has an association'],
  ['Pod shop/pods-5d', [], 'it has container credentials'],
  ['Deployment shop/pods-hybrid', [], 'the agent runs on hybrid nodes'],
  ['Deployment shop/pods-fargate', ['warning pod-identity-unsupported-node'], 'Fargate has no agent'],
  ['Deployment shop/pods-proxy', ['warning pod-identity-proxy'], 'the agent is not behind the proxy'],
  ['ServiceAccount shop/guide', ['warning pod-identity-too-broad'], 'it is the example of the user guide'],
  [
    'ServiceAccount shop/untagged',
    ['warning trust-depends-on-runtime'],
    'AWS does not document whether sts:TagSession is needed without session tags'
  ],
  [
    'ServiceAccount shop/organization',
    ['warning trust-depends-on-runtime'],
    'nobody but AWS knows the organization'
  ],
  ['ServiceAccount shop/one-pod', ['warning trust-depends-on-runtime'], 'the pod has no name yet'],
  ['ServiceAccount shop/moved', ['error pod-identity-tag-mismatch'], 'the role is for another namespace'],
  [
    'ServiceAccount shop/source',
    ['error pod-identity-source-mismatch'],
    'EKS sends the cluster as the source'
  ],
  ['ServiceAccount shop/oidc', ['error pod-identity-principal-missing'], 'the role is still one of IRSA'],
  ['ServiceAccount shop/deleted', ['error pod-identity-role-missing'], 'the role was deleted'],
  ['ServiceAccount shop/target', [], 'the account of the target role was not read']
]
const both: readonly Row[] = [
  ['ServiceAccount shop/both', ['warning pod-identity-and-annotation'], 'a migration on its way'],
  ['Deployment shop/both', [], 'it gets the role of the association'],
  ['Pod shop/both-old', ['warning pod-not-mutated'], 'it is older than the association and uses IRSA'],
  ['ServiceAccount shop/chart', ['warning pod-identity-and-annotation'], 'a chart keeps the annotation'],
  ['ServiceAccount shop/migrated', [], 'a migration that left the OIDC provider in the trust policy'],
  ['ServiceAccount shop/ack', ['warning pod-identity-and-annotation'], 'its association is an object of ACK'],
  ['PodIdentityAssociation infra/ack', [], 'its role admits it']
]
const others: readonly Row[] = [
  ['ServiceAccount shop/neither', [], 'only another cluster has an association for it'],
  ['Deployment shop/neither', [], 'it uses no role'],
  ['Deployment kube-system/addon', [], 'its account is not among the files'],
  ['PodIdentityAssociation infra/other-cluster', [], 'it says nothing about this cluster'],
  [
    'PodIdentityAssociation infra/gone',
    ['error pod-identity-role-missing'],
    'there is no such role; its namespace need not exist yet'
  ],
  ['ServiceAccount shop/terraform', [], 'its association is judged where Terraform describes it'],
  ['Terraform output', ['error pod-identity-tag-mismatch'], 'the role is for another namespace'],
  ['Node i-0a', [], 'a node of EKS Auto Mode'],
  ['DaemonSet kube-system/node-exporter', [], 'Auto Mode needs no DaemonSet for the agent'],
  ['ServiceAccount kube-system/monitoring', [], 'it uses no role']
]
const table: readonly Row[] = [...irsa, ...podIdentity, ...both, ...others]

interface Report {
  readonly findings: readonly {
    readonly rule: string
    readonly severity: string
    readonly object: { readonly kind: string; readonly namespace?: string; readonly name: string }
  }[]
  readonly unchecked: readonly {
    readonly rule: string
    readonly because: string
    readonly objects: readonly Report['findings'][number]['object'][]
  }[]
  readonly summary: { readonly objects: number }
}

const nameOf = ({ kind, namespace, name }: Report['findings'][number]['object']): string =>
  [kind, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ')

/** The findings in a report, by object. */
function foundIn({ findings }: Report): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {}
  for (const { object, severity, rule } of findings)
    (found[nameOf(object)] ??= []).push(`${severity} ${rule}`)

  return found
}

async function check(file: string): Promise<Report & { code: number }> {
  const { code, stdout, stderr } = await runCli(['check', directory, '--iam', file, '-o', 'json'])
  if (stderr !== '') throw new Error(stderr)

  return { code, ...(JSON.parse(stdout) as Report) }
}

const expected = Object.fromEntries(
  table.flatMap(([object, findings]) => (findings.length > 0 ? [[object, findings]] : []))
)

t.test('each object of a mixed cluster has the findings that it should have', async (t) => {
  const report = await check(iamFile)
  t.equal(report.code, 1)
  t.equal(report.summary.objects, table.length)
  t.equal(table.length, 40)
  t.strictSame(foundIn(report), expected)
  t.strictSame(
    [
      ...new Set(
        report.unchecked.flatMap(({ because, objects }) => objects.map((o) => `${nameOf(o)}: ${because}`))
      )
    ],
    [
      'PodIdentityAssociation infra/other-cluster: the association is for cluster staging, not for prod',
      'PodIdentityAssociation infra/gone: service account web/later is not among the given objects',
      'Deployment kube-system/addon: service account kube-system/addon is not among the given objects',
      'ServiceAccount shop/target: the IAM file does not list all roles of account 444455556666'
    ]
  )
})

const files = readdirSync(directory).filter((file) => file !== 'iam.json')
const manifests = files.flatMap(
  (file) => parseManifest(file, readFileSync(`${directory}/${file}`, 'utf8')).objects
)
const referenceOf = ({ object }: ManifestObject): string => {
  const { namespace, name } = recordOf(object['metadata'])

  return nameOf({
    kind: textOf(object['kind']) ?? 'Terraform output',
    namespace: textOf(namespace) ?? '',
    name: textOf(name) ?? ''
  })
}

t.test('the table has every object, and the library finds what the command finds', async (t) => {
  t.strictSame(manifests.map(referenceOf).sort(), table.map(([object]) => object).sort())
  const verdicts = await checkObjects(
    manifests.map(({ object }) => object),
    { iam }
  )
  const found = verdicts.flatMap(({ findings }, index) => {
    const manifest = manifests[index]
    return manifest === undefined || findings.length === 0
      ? []
      : [[referenceOf(manifest), findings.map(({ severity, rule }) => `${severity} ${rule}`)]]
  })
  t.strictSame(Object.fromEntries(found), expected)
})

t.test('without a list of associations, nothing that may work is an error', async (t) => {
  const folder = t.testdir({ 'iam.json': JSON.stringify({ ...iam, associations: undefined }) })
  const found = foundIn(await check(`${folder}/iam.json`))
  t.strictSame(
    Object.entries(found).flatMap(([object, findings]) =>
      findings.some((finding) => finding.startsWith('error')) ? [[object, findings]] : []
    ),
    [
      ['PodIdentityAssociation infra/gone', ['error pod-identity-role-missing']],
      ['ServiceAccount shop/irsa-renamed', ['error trust-subject-mismatch']],
      ['Terraform output', ['error pod-identity-tag-mismatch']]
    ]
  )
  for (const account of ['chart', 'irsa-without-association'])
    t.strictSame(
      found[`ServiceAccount shop/${account}`],
      ['warning trust-action-missing'],
      'the role trusts EKS Pod Identity, so there may be an association'
    )
})
