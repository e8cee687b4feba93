// Objects from practice, checked with the real command: the identity webhook's settings and exclusions, and
// roles and tokens that pods do not get through an annotation.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { runCli } from '../support/run-cli.js'

interface Reported {
  readonly code: number
  readonly findings: readonly {
    readonly rule: string
    readonly severity: string
    readonly field: string
    readonly message: string
    readonly fix: string
    readonly object: { readonly kind: string; readonly name: string }
  }[]
  readonly unchecked: readonly { readonly rule: string; readonly because: string }[]
}

/** Checks manifests, with the IAM file at this path if one is given. */
async function check(text: string, iam?: string, ...more: readonly string[]): Promise<Reported> {
  const facts = iam === undefined ? [] : ['--iam', `test/field/${iam}`]
  const { code, stdout, stderr } = await runCli(['check', '-', '-o', 'json', ...facts, ...more], text)
  if (stdout === '') throw new Error(stderr)

  return { code, ...(JSON.parse(stdout) as Omit<Reported, 'code'>) } // the command's own format
}
const textOf = (file: string): string => readFileSync(`test/field/${file}`, 'utf8')
const rulesOf = ({ findings }: Reported): string[] =>
  findings.map(({ rule, severity }) => `${severity} ${rule}`)

t.test("the identity webhook's Deployment provides the audience and the prefix", async (t) => {
  const folder = 'kops-identity-webhook'
  const kops = textOf(`${folder}/manifests.yaml`)
  const iam = `${folder}/iam.json`
  const usual = await check(kops, iam)
  t.strictSame(rulesOf(usual), ['warning trust-audience-unchecked'])
  t.equal(usual.code, 0)
  t.match(usual.findings[0]?.fix, /with "amazonaws\.com"/)

  const [account = ''] = kops.split(/^---$/m).slice(-1)
  const alone = await check(account, iam)
  t.strictSame(rulesOf(alone), ['warning oidc-client-id-missing', 'warning trust-audience-unchecked'])
  t.match(alone.findings[0], {
    message:
      /audience "sts\.amazonaws\.com", .* accepts "amazonaws\.com" \(assuming the identity webhook's default/,
    fix: /pass that audience to irsa-guard \(--audience amazonaws\.com, or audience in its config\); otherwise/
  })
  t.strictSame(rulesOf(await check(account, iam, '--audience', 'amazonaws.com')), [
    'warning trust-audience-unchecked'
  ])

  const prefixed = kops
    .replace('--annotation-prefix=eks.amazonaws.com', '--annotation-prefix=aws.example')
    .replace('eks.amazonaws.com/role-arn:', 'aws.example/role-arn:')
  t.match(prefixed, /aws\.example\/role-arn/)
  t.strictSame(
    rulesOf(await check(prefixed, iam)),
    ['warning trust-audience-unchecked'],
    'with another prefix'
  )

  const unclear = kops.replace('--token-audience=amazonaws.com', '--new-flag, --token-audience=amazonaws.com')
  t.match(
    rulesOf(await check(unclear, iam)),
    ['warning oidc-client-id-missing'],
    'a flag that irsa-guard does not know'
  )
})

t.test('a ConfigMap that the identity webhook rejects is an error', async (t) => {
  const kops = textOf('kops-identity-webhook/manifests.yaml')
  const configMap = (config: string): string =>
    `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pod-identity-webhook', namespace: 'kube-system' }, data: { config } })}`
  const workload = `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  template:
    spec:
      serviceAccountName: cart
      containers: [{ name: app, env: [{ name: AWS_ROLE_ARN, value: 'arn:aws:iam::111122223333:role/cart' }] }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: cart, namespace: shop }
`
  const entry =
    '"shop/cart": { "RoleARN": "arn:aws:iam::111122223333:role/cart", "Audience": "amazonaws.com" }'
  const right = await check(`${kops}${workload}${configMap(`{ ${entry} }`)}`)
  t.strictSame(
    right.findings.map(({ rule, object }) => `${rule} ${object.name}`),
    ['mutation-preempted cart'],
    'the roles in the ConfigMap are used'
  )

  const wrong = await check(`${kops}${workload}${configMap(`{ ${entry}, }`)}`)
  t.strictSame(rulesOf(wrong), ['error identity-webhook-config-invalid'])
  t.equal(wrong.code, 1)
  const because =
    /^the identity webhook rejects its ConfigMap pod-identity-webhook: its key "config" is not JSON/
  t.ok(wrong.unchecked.some((one) => one.rule === 'mutation-preempted' && because.test(one.because)))

  const absent = await check(`${kops}${workload}`)
  t.strictSame(rulesOf(absent), [])
  t.match(
    absent.unchecked.filter(({ rule }) => rule === 'mutation-preempted'),
    [{ because: 'configmap kube-system/pod-identity-webhook is not among the given objects' }]
  )
})

t.test('an identity webhook can exclude its own pods, but no others that need a role', async (t) => {
  const own = textOf('own-pods-excluded/manifests.yaml')
  t.strictSame(rulesOf(await check(own)), [])

  const annotated = `${own}---
apiVersion: v1
kind: ServiceAccount
metadata: { name: piw, namespace: kube-system, annotations: { eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/piw' } }
`
  const [finding] = (await check(annotated)).findings
  t.match(finding, {
    rule: 'identity-webhook-misses-pods',
    severity: 'warning',
    message: /such as those of deployment kube-system\/piw, whose service account requests a role/,
    fix: /must still exclude the identity webhook's own pods/
  })

  const elsewhere = own.replace(
    /objectSelector:[^]*?sideEffects/,
    'namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, dns] }] }\n    sideEffects'
  ).concat(`---
apiVersion: v1
kind: ServiceAccount
metadata: { name: dns, namespace: dns, annotations: { eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/dns' } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: dns, namespace: dns }
spec: { jobTemplate: { spec: { template: { spec: { serviceAccountName: dns, containers: [{ name: a }] } } } } }
`)
  t.match((await check(elsewhere)).findings, [
    {
      rule: 'identity-webhook-misses-pods',
      severity: 'warning',
      message: /=kube-system, dns, such as those of cronjob dns\/dns, whose/
    }
  ])
})

t.test('absent optional Secret keys are not credentials, but a credentials file is', async (t) => {
  const optional = textOf('optional-secret-keys/manifests.yaml')
  const iam = 'optional-secret-keys/iam.json'
  t.strictSame(rulesOf(await check(optional, iam)), [])
  const secret = `---
apiVersion: v1
kind: Secret
metadata: { name: aws-secret, namespace: kube-system }
stringData: { key_id: a, access_key: b }
`
  t.strictSame(rulesOf(await check(`${optional}${secret}`, iam)), ['warning static-credentials-shadow-role'])
  t.strictSame(rulesOf(await check(`${optional}${secret.replace('kube-system', 'shop')}`, iam)), [])

  const velero = await check(
    textOf('shared-credentials-file/manifests.yaml'),
    'shared-credentials-file/iam.json'
  )
  t.match(velero.findings, [
    {
      rule: 'static-credentials-shadow-role',
      severity: 'warning',
      field: 'spec.template.spec.containers[0].env[0]',
      message:
        /from Secret velero in AWS_SHARED_CREDENTIALS_FILE \("\/credentials\/cloud"\), which AWS SDKs may prefer over role/
    }
  ])
})

t.test('a template that sets the role and the token needs no annotation', async (t) => {
  for (const name of ['manifests', 'daemonset']) {
    const iam = `own-token/${name === 'manifests' ? 'iam' : name}.json`
    t.strictSame(rulesOf(await check(textOf(`own-token/${name}.yaml`), iam)), [], name)
  }
  const account = textOf('own-token/manifests.yaml').split(/^---$/m)[0] ?? ''
  t.strictSame(
    rulesOf(await check(account, 'own-token/iam.json')),
    ['warning role-annotation-missing'],
    'without its pods'
  )
})

t.test('a role and a token in a template are judged like those from an annotation', async (t) => {
  const folder = 'web-identity-by-hand'
  const byHand = textOf(`${folder}/manifests.yaml`)
  const iam = `${folder}/iam.json`
  const roleField = 'spec.template.spec.containers[0].env[0]'
  const wrong = await check(byHand, iam)
  t.equal(wrong.code, 1)
  t.match(wrong.findings, [
    {
      rule: 'trust-subject-mismatch',
      severity: 'error',
      field: roleField,
      message: /^role runner does not trust system:serviceaccount:ci:runner: /,
      fix: /or point AWS_ROLE_ARN at a role for this service account$/,
      object: { kind: 'Deployment', name: 'runner' }
    }
  ])
  t.strictSame(
    rulesOf(await check(byHand.replaceAll(/\brunner$/gm, 'other'), iam)),
    [],
    'the account that the role trusts'
  )
  t.match((await check(byHand.replace('role/runner', 'policy/runner'), iam)).findings, [
    {
      rule: 'role-arn-malformed',
      field: roleField,
      message: /^AWS_ROLE_ARN is the ARN of a policy, not of a role/
    }
  ])
  t.match((await check(byHand.replace('role/runner', 'role/gone'), iam)).findings, [
    { rule: 'role-missing', field: roleField, fix: /point AWS_ROLE_ARN at an existing one/ }
  ])
  t.match((await check(byHand.replace('audience: sts.amazonaws.com', 'audience: vault'), iam)).findings, [
    {
      rule: 'oidc-client-id-missing',
      severity: 'error',
      field: 'spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken.audience',
      fix: /; or set the audience of the token to "sts\.amazonaws\.com"$/
    },
    { rule: 'trust-subject-mismatch' }
  ])
  const waived = byHand.replace(
    'metadata: { name: runner, namespace: ci }',
    'metadata: { name: runner, namespace: ci, annotations: { ignore.irsa-guard.io/trust-subject-mismatch: moving } }'
  )
  t.equal((await check(waived, iam)).code, 0, 'with a waiver')
})

t.test('a role or token that cannot be judged is reported as not checked', async (t) => {
  const folder = 'web-identity-by-hand'
  const noAudience = await check(textOf(`${folder}/no-audience.yaml`), `${folder}/no-audience.json`)
  t.match(noAudience.findings, [
    {
      rule: 'oidc-client-id-missing',
      severity: 'warning',
      field: 'spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken.audience',
      message:
        /^the token has no audience, so it gets the API server's audience, but the OIDC provider \S+ accepts "sts\.amazonaws\.com"$/,
      fix: 'set the audience of the token to "sts.amazonaws.com"'
    }
  ])
  const becauseOf = ({ unchecked }: Reported): string | undefined =>
    unchecked.find(({ rule }) => rule === 'trust-subject-mismatch')?.because
  t.equal(becauseOf(noAudience), "the token has no audience, so it gets the API server's, which is unknown")

  const byHand = textOf(`${folder}/manifests.yaml`)
  t.match(becauseOf(await check(byHand)), /^no facts about IAM were given/)
  const hidden = await check(byHand.replace(/projected:[^]*$/, 'emptyDir: {}\n'), `${folder}/iam.json`)
  t.strictSame(hidden.findings, [])
  t.equal(becauseOf(hidden), undefined, 'an emptyDir with the name of the token volume contains no token')
  const elsewhere = byHand
    .replaceAll('aws-iam-token', 'mine')
    .replace(/projected:[^]*$/, 'csi: { driver: tokens.example }\n')
  t.equal(
    becauseOf(await check(elsewhere, `${folder}/iam.json`)),
    'the token is known only at run time, so its audience is unknown'
  )
  const roleLater = byHand.replace(
    /value: "?'?arn:aws:iam::111122223333:role\/runner"?'?/,
    'valueFrom: { configMapKeyRef: { name: a, key: b } }'
  )
  t.equal(
    becauseOf(await check(roleLater, `${folder}/iam.json`)),
    'AWS_ROLE_ARN in container runner is known only at run time'
  )
})
