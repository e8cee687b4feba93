import { existsSync, readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { runCli } from '../support/run-cli.js'

// Charts and operators that work in production with IRSA or next to it. Each finding about one of them needs
// a justification, so that a rule that becomes too strict fails here.

const directory = 'test/field/charts'
const files = readdirSync(directory)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''))
/**
 * Each of these belongs to a cluster of its own and has its own IAM file. All others belong to one EKS
 * cluster.
 */
const otherClusters = files.filter((file) => existsSync(`${directory}/${file}.json`))
const eksFiles = files.filter((file) => !otherClusters.includes(file))

interface Expected {
  readonly file: string
  /** The finding, as `severity rule object`, or what was not checked, as `not checked: rule object: reason`. */
  readonly finding: string
  /** Why the finding is correct, or why the rule cannot be checked. */
  readonly because: string
}

const unread = (kind: string): string =>
  `irsa-guard does not know which fields of kind ${kind} name an AWS role`
const notGiven = (account: string): string => `service account ${account} is not among the given objects`

const defended: readonly Expected[] = [
  {
    file: 'actions-runner-controller',
    finding: 'info mutation-skipped AutoscalingRunnerSet arc-runners/deploy',
    because: 'the Docker daemon intentionally gets no role; the info is a reminder'
  },
  {
    file: 'aws-efs-csi-driver',
    finding: 'warning trust-subject-too-broad ServiceAccount kube-system/efs-csi-controller-sa',
    because: "the user guide's pattern efs-csi-* admits more than the driver's two accounts"
  },
  {
    file: 'aws-efs-csi-driver',
    finding: 'warning trust-subject-too-broad ServiceAccount kube-system/efs-csi-node-sa',
    because: "the user guide's pattern efs-csi-* admits more than the driver's two accounts"
  },
  {
    file: 'external-secrets',
    finding: 'info ca-bundle-unusable ValidatingWebhookConfiguration externalsecret-validate',
    because: 'only the cert controller, which is not among the given objects, will replace the stand-in Cg=='
  },
  {
    file: 'istio',
    finding: 'info companion-annotation-invalid Deployment catalog/catalog',
    because: 'istio-init is not in the template, and only the injector knows whether it will be in the pod'
  },
  {
    file: 'istio',
    finding: 'info mutation-skipped Deployment catalog/catalog',
    because: 'the proxy intentionally gets no role; the info is a reminder'
  },
  {
    file: 'kops-pod-identity-webhook',
    finding: 'warning trust-audience-unchecked DaemonSet kube-system/aws-cloud-controller-manager',
    because: 'kOps leaves the audience out, so a second client ID of the provider would admit other tokens'
  },
  {
    file: 'kops-pod-identity-webhook',
    finding: 'warning trust-audience-unchecked ServiceAccount shop/cart',
    because: "the role that the identity webhook's ConfigMap names is judged, too"
  }
]

const unchecked: readonly Expected[] = [
  {
    file: 'ack-s3-controller',
    finding: `not checked: * Bucket reports/reports: ${unread('Bucket')}`,
    because: 'S3 assumes this role, which irsa-guard cannot know'
  },
  {
    file: 'ack-s3-controller',
    finding: `not checked: pod-identity-account-missing PodIdentityAssociation reports/reports: ${notGiven('reports/reports')}`,
    because: 'the account is in another file'
  },
  {
    file: 'ack-s3-controller',
    finding:
      'not checked: pod-identity-role-missing PodIdentityAssociation reports/reports: the IAM file does not list all roles of account 444455556666',
    because: 'the account of the role is not read'
  },
  ...[
    ...['pod-identity-action-missing', 'pod-identity-principal-missing', 'pod-identity-source-mismatch'],
    ...['pod-identity-tag-mismatch', 'pod-identity-too-broad', 'trust-condition-unmeetable'],
    ...['trust-depends-on-runtime', 'trust-explicit-deny', 'trust-policy-invalid']
  ].map((rule) => ({
    file: 'ack-s3-controller',
    finding: `not checked: ${rule} PodIdentityAssociation reports/reports: the ARN of the cluster is not known (pass --cluster-arn ARN)`,
    because: 'the object names its cluster, but neither region nor account'
  })),
  {
    file: 'adot-collector',
    finding: `not checked: * OpenTelemetryCollector observability/metrics: ${unread('OpenTelemetryCollector')}`,
    because:
      "the collector assumes this role with its own role, which this role's trust policy might not allow"
  },
  {
    file: 'airflow',
    finding: `not checked: service-account-missing CronJob airflow/airflow-cleanup: ${notGiven('airflow/airflow-cleanup')}`,
    because: 'the account is created elsewhere'
  },
  {
    file: 'amazon-eks-pod-identity-webhook',
    finding:
      "not checked: role-arn-partition-mismatch ServiceAccount databases/backup: the cluster's issuer is not an EKS issuer, so its AWS partition is unknown",
    because: 'the issuer of a self-managed cluster names no partition'
  },
  {
    file: 'aws-fsx-csi-driver',
    finding: `not checked: service-account-missing Deployment kube-system/fsx-csi-controller: ${notGiven('kube-system/fsx-csi-controller-sa')}`,
    because: 'eksctl created the account'
  },
  {
    file: 'aws-fsx-csi-driver',
    finding: `not checked: static-credentials-shadow-role Deployment kube-system/fsx-csi-controller: ${notGiven('kube-system/fsx-csi-controller-sa')}`,
    because: 'eksctl created the account, so its role is not among the given objects'
  },
  {
    file: 'cert-manager',
    finding: `not checked: service-account-missing Job cert-manager/cert-manager-startupapicheck: ${notGiven('cert-manager/cert-manager-startupapicheck')}`,
    because: 'the account is a Helm hook, which helm template --no-hooks leaves out'
  },
  {
    file: 'cert-manager',
    finding: `not checked: * ClusterIssuer letsencrypt-team: ${unread('ClusterIssuer')}`,
    because: 'cert-manager requests the token for this role, and no rule follows that'
  },
  {
    file: 'cloudnative-pg',
    finding: `not checked: * Cluster accounts/accounts-db: ${unread('Cluster')}`,
    because: 'the operator creates the service account'
  },
  {
    file: 'crossplane-provider-aws',
    finding: `not checked: * DeploymentRuntimeConfig provider-aws-irsa: ${unread('DeploymentRuntimeConfig')}`,
    because: 'Crossplane creates the service account'
  },
  {
    file: 'crossplane-provider-aws',
    finding: `not checked: * ProviderConfig default: ${unread('ProviderConfig')}`,
    because: 'the provider assumes this role with its own role'
  },
  {
    file: 'external-secrets',
    finding: `not checked: * ClusterSecretStore shared: ${unread('ClusterSecretStore')}`,
    because: 'the operator assumes this role with its own role'
  },
  {
    file: 'flux',
    finding: `not checked: * Kustomization tenant-a/tenant: ${unread('Kustomization')}`,
    because: 'Flux substitutes the role into manifests that are not among the given objects'
  },
  {
    file: 'flux',
    finding: `not checked: * HelmRelease tenant-a/podinfo: ${unread('HelmRelease')}`,
    because: 'the chart that creates the service account is not among the given objects'
  },
  {
    file: 'gcp-workload-identity-federation',
    finding: `not checked: service-account-missing CronJob exports/bigquery-export: ${notGiven('exports/bigquery-export')}`,
    because: 'Terraform created the account'
  },
  {
    file: 'grafana',
    finding: `not checked: service-account-missing Pod grafana/grafana-test: ${notGiven('grafana/grafana-test')}`,
    because: 'the account is a Helm hook, which helm template --no-hooks leaves out'
  },
  {
    file: 'grafana',
    finding: `not checked: * Grafana grafana/reporting: ${unread('Grafana')}`,
    because: 'the operator creates the service account'
  },
  {
    file: 'keda',
    finding: `not checked: * ClusterTriggerAuthentication queues: ${unread('ClusterTriggerAuthentication')}`,
    because: 'the operator assumes the role with its own token, and no rule follows that'
  },
  {
    file: 'kops-pod-identity-webhook',
    finding:
      "not checked: role-arn-partition-mismatch DaemonSet kube-system/aws-cloud-controller-manager: the cluster's issuer is not an EKS issuer, so its AWS partition is unknown",
    because: 'the issuer of a self-managed cluster names no partition'
  },
  {
    file: 'kops-pod-identity-webhook',
    finding:
      "not checked: role-arn-partition-mismatch ServiceAccount shop/cart: the cluster's issuer is not an EKS issuer, so its AWS partition is unknown",
    because: 'the issuer of a self-managed cluster names no partition'
  },
  {
    file: 'kubeflow-profiles',
    finding: `not checked: * Profile research: ${unread('Profile')}`,
    because: 'the profile controller creates the service account'
  },
  {
    file: 'kubeflow-profiles',
    finding: `not checked: service-account-missing Notebook research/explore: ${notGiven('research/default-editor')}`,
    because: 'the profile controller creates the service account'
  },
  {
    file: 'prometheus-amp',
    finding: `not checked: * Prometheus monitoring/prod: ${unread('Prometheus')}`,
    because: 'Prometheus assumes this role with its own role'
  },
  {
    file: 'prometheus-amp',
    finding:
      'not checked: webhook-backend-missing ValidatingWebhookConfiguration kube-prometheus-stack-admission: service monitoring/kube-prometheus-stack-operator is not among the given objects',
    because: "the operator's Service is in another file"
  },
  {
    file: 'strimzi-kafka-connect',
    finding: `not checked: * KafkaConnect kafka/sinks: ${unread('KafkaConnect')}`,
    because: 'the operator creates the service account'
  },
  {
    file: 'vault',
    finding: `not checked: static-credentials-shadow-role CronJob ledger/partner-upload: ${notGiven('ledger/default')}`,
    because: 'the default account exists in every namespace and may have a role'
  },
  {
    file: 'velero',
    finding: `not checked: service-account-missing Job velero/velero-upgrade-crds: ${notGiven('velero/velero-server-upgrade-crds')}`,
    because: 'the account is a Helm hook, which helm template --no-hooks leaves out'
  }
]

/** All files of the EKS cluster in one run. */
const together = '(together)'

interface Report {
  readonly findings: readonly { severity: string; rule: string; object: Named }[]
  readonly unchecked: readonly { rule: string; because: string; hint?: string; objects: readonly Named[] }[]
  readonly summary: { readonly errors: number }
}

interface Named {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}

const nameOf = ({ kind, namespace, name }: Named): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

/** Runs `check` as a user does, and returns each finding and each rule that was not checked. */
async function check(t: Test, names: readonly string[], iam: string): Promise<string[]> {
  const paths = names.map((name) => `${directory}/${name}.yaml`)
  const { code, stdout, stderr } = await runCli([
    'check',
    ...paths,
    '--iam',
    `${directory}/${iam}.json`,
    '-o',
    'json'
  ])
  t.equal(stderr, '')
  t.equal(code, 0)
  const report = JSON.parse(stdout) as Report
  t.equal(report.summary.errors, 0)

  return [
    ...report.findings.map(({ severity, rule, object }) => `${severity} ${rule} ${nameOf(object)}`),
    ...report.unchecked.flatMap(({ rule, because, hint, objects }) =>
      // One association among the objects leaves the others unknown, for every account.
      because.startsWith('only some EKS Pod Identity associations')
        ? []
        : objects.map(
            (object) =>
              `not checked: ${rule} ${nameOf(object)}: ${because}${hint === undefined ? '' : ` (${hint})`}`
          )
    )
  ].toSorted()
}

/** Compares what was found with the tables. */
function compare(t: Test, found: readonly string[], names: readonly string[]): void {
  const expected = [...defended, ...unchecked].filter(({ file }) => names.includes(file))

  t.strictSame(found, expected.map(({ finding }) => finding).toSorted())
}

t.test('there are at least 25 charts, and the tables name no others', async (t) => {
  t.ok(files.length >= 25)
  for (const { file } of [...defended, ...unchecked]) t.ok(file === together || files.includes(file), file)
})

for (const file of files) {
  t.test(`${file} works`, async (t) => {
    compare(t, await check(t, [file], otherClusters.includes(file) ? file : 'iam'), [file])
  })
}

t.test('all charts of the EKS cluster work together', async (t) => {
  compare(t, await check(t, eksFiles, 'iam'), [...eksFiles, together])
})
