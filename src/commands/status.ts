import { Command } from 'commander'
import type { Config } from '../config.js'
import { parseConfig } from '../config.js'
import { proveIdentityWebhook } from '../controller/probes/canary.js'
import { type Proof, provePolicy, proveWebhook } from '../controller/probes/self-test.js'
import { issueUnusedCa } from '../controller/probes/unused-ca.js'
import { canaryNamespace, ownNames } from '../controller/own-names.js'
import { defaultIdentityWebhook } from '../identity-webhook/settings.js'
import { readUser } from '../kube/access.js'
import type { KubeClient } from '../kube/client.js'
import { readObject, statusMessage } from '../kube/read.js'
import { known, moot } from '../model/fact.js'
import { GuardError } from '../model/guard-error.js'
import { type Status, statusExitCode, statusFormats } from '../output/status-text.js'
import type { Format } from '../output/formats.js'
import { rules } from '../rules/index.js'
import { judgeAwsAccess } from '../status/aws-access.js'
import { judgeOwnBundle, judgeServingCertificate } from '../status/certificates.js'
import type { Check, Installation, LiveObject, Reading } from '../status/check.js'
import { configKey, judgeConfig } from '../status/config.js'
import { judgePolicies } from '../status/policies.js'
import {
  judgeLeftovers,
  judgeNamespaces,
  judgeNetworkPath,
  judgePermissions,
  judgePolicyApi,
  judgeVersion,
  judgeWebhookAdmission
} from '../status/preflight.js'
import { judgeProbe, policyExemptionOf, webhookExemptionOf } from '../status/probes.js'
import { judgeProcess, runningVersionOf } from '../status/processes.js'
import { judgeRegistration } from '../status/registration.js'
import { judgeRights } from '../status/rights.js'
import { nameOf, shippedIn, shippedNamespace, shippedObject, shippedOfKind } from '../status/shipped.js'
import { judgeGuardedBundles, judgeWebhookTrust } from '../status/webhook-trust.js'
import { reasonOf } from '../text/escape.js'
import { recordOf, textOf } from '../text/record.js'
import { version } from '../version.js'
import { type ClusterChoice, connectCluster, readClusterIdentityWebhook } from './support/cluster.js'
import { assertNamespace } from './support/given-names.js'
import {
  ownBundleOf,
  readApiServerMetrics,
  readInstalled,
  readInstallRights,
  readOthers,
  readPods,
  readPolicies,
  readRights,
  readServed,
  readTrust
} from './support/installed.js'
import { kubectlOf } from './support/kubectl.js'
import { asciiOption, colorOption, configOption, kubeconfigOption, quietOption } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { loadShippedObjects } from './support/shipped-objects.js'
import { loadConfigFile } from './support/sources.js'
import { fileStyleOf, type StyleOptions, styleOf, type Terminal } from './support/terminal.js'

export interface StatusOptions extends ClusterChoice, StyleOptions {
  readonly output?: readonly Output<Format>[]
  readonly namespace: string
  readonly config?: string
  readonly pre?: boolean
}

export const statusCommand = (terminal: Terminal): Command =>
  new Command('status')
    .description(
      'check irsa-guard itself in a cluster, or with --pre whether it can be installed; changes nothing (exit codes: 0 nothing wrong, 1 something wrong, 2 it could not run)'
    )
    .option('--pre', 'check before installing: version, policies, your rights, leftovers')
    .addOption(kubeconfigOption())
    .option('--context <name>', 'kubeconfig context of the cluster')
    .option('-n, --namespace <name>', 'namespace that irsa-guard is installed in', shippedNamespace)
    .addOption(configOption())
    .addOption(outputsOption(statusFormats))
    .addOption(colorOption())
    .addOption(asciiOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard status --pre --context prod   # before: kubectl apply -k my-cluster
  irsa-guard status --context prod
  irsa-guard status -q || echo 'irsa-guard is not right'
  irsa-guard status -o text -o json=status.json`
    )
    .action(async (options: StatusOptions) => {
      process.exitCode = await status(options, terminal)
    })

/**
 * Checks irsa-guard in a cluster, or the cluster before irsa-guard is installed. Returns the exit code; throws
 * ERR_USAGE, ERR_CONFIG, ERR_INPUT, ERR_OUTPUT and ERR_KUBECONFIG.
 */
export async function status(
  options: StatusOptions,
  terminal: Pick<Terminal, 'stdout' | 'screen' | 'hasColors'>,
  { environment = process.env, at = new Date() }: { environment?: NodeJS.ProcessEnv; at?: Date } = {}
): Promise<0 | 1 | 2> {
  const { namespace } = options
  assertNamespace(namespace)
  const config = await loadConfigFile(options.config)
  const shipped = shippedIn(await loadShippedObjects(), namespace)
  const client = connectCluster(options, environment)
  try {
    const kubernetes = await loadVersion(client)
    const cluster: Cluster = {
      installation: { namespace, kubectl: kubectlOf(options), at },
      client,
      shipped,
      config: options.config === undefined ? undefined : config,
      annotationPrefix: config.annotationPrefix,
      environment
    }
    const checks = options.pre === true ? await checksBefore(cluster, kubernetes) : await checksOf(cluster)
    const found: Status = {
      about: `${options.pre === true ? `before installing irsa-guard ${version}` : 'irsa-guard'} in namespace ${namespace} of ${client.server} (Kubernetes ${kubernetes})`,
      checks
    }
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) =>
        statusFormats[format](found, file === undefined ? styleOf(options, terminal) : fileStyleOf(options)),
      terminal
    )

    return statusExitCode(checks)
  } finally {
    client.close()
  }
}

/** The cluster that is checked, and what it is compared with. */
interface Cluster {
  readonly installation: Installation
  readonly client: KubeClient
  readonly shipped: readonly LiveObject[]
  /** The configuration that the user names, which takes precedence over that in the cluster. */
  readonly config: Config | undefined
  readonly annotationPrefix: string | undefined
  readonly environment: NodeJS.ProcessEnv
}

/** The version of the API server. Throws ERR_KUBECONFIG if it does not answer or does not know the user. */
async function loadVersion(client: KubeClient): Promise<string> {
  const answer = await readObject(client, '/version', { name: 'the version of the API server' })
  if (answer.state === 'known') return textOf(answer.value?.['gitVersion']) ?? 'unknown'
  const { response, because } = answer
  if (response !== undefined && response.status !== 401) return 'unknown'

  throw new GuardError(
    'ERR_KUBECONFIG',
    `the cluster ${client.server} could not be queried: ${response === undefined ? because : statusMessage(response)}`
  )
}

async function checksOf(cluster: Cluster): Promise<readonly Check[]> {
  const { client, shipped, installation, environment } = cluster
  const { namespace } = installation
  const one = async (kind: string, name: string): Promise<Reading<LiveObject | undefined>> =>
    readInstalled(client, shippedObject(shipped, kind, name))
  const registered = shippedObject(shipped, 'ValidatingWebhookConfiguration', ownNames.webhookConfiguration)
  const [
    serve,
    controller,
    servePods,
    controllerPods,
    configMap,
    account,
    configuration,
    service,
    policies,
    trust,
    rights
  ] = await Promise.all([
    one('Deployment', 'irsa-guard-serve'),
    one('Deployment', 'irsa-guard-controller'),
    readPods(client, namespace, 'irsa-guard-serve'),
    readPods(client, namespace, 'irsa-guard-controller'),
    one('ConfigMap', 'irsa-guard-config'),
    one('ServiceAccount', 'irsa-guard-serve'),
    readInstalled(client, registered),
    one('Service', ownNames.service),
    readPolicies(client, shipped),
    readTrust(client),
    readRights(client, shipped, namespace)
  ])
  const runningVersion = runningVersionOf(serve) ?? runningVersionOf(controller)
  const versioned = { ...installation, runningVersion }
  const replicasOf = (name: string): number =>
    Number(recordOf(shippedObject(shipped, 'Deployment', name)['spec'])['replicas'])
  const process = (name: 'serve' | 'controller', deployment: typeof serve, pods: typeof servePods): Check =>
    judgeProcess(
      name,
      { deployment, pods },
      { ...installation, shippedReplicas: replicasOf(`irsa-guard-${name}`) }
    )
  const served = await readServed(client, configuration, environment)
  const entries = trust.trust.state === 'known' ? known(trust.trust.value?.entries) : trust.trust
  const { checks: probes, annotation } = await probe(cluster, exemptIn(cluster, configMap))

  return [
    process('serve', serve, servePods),
    process('controller', controller, controllerPods),
    judgeConfig(configMap, parseConfigText, versioned),
    judgeRegistration({ configuration, service }, { ...installation, shipped: registered }),
    judgeOwnBundle(configuration, entries, installation),
    judgeServingCertificate(served, ownBundleOf(configuration), installation),
    judgePolicies(policies, versioned),
    judgeWebhookTrust(trust, installation),
    judgeGuardedBundles(trust, installation),
    ...probes,
    judgeRights(rights, installation),
    judgeAwsAccess(account, annotation, installation)
  ]
}

const parseConfigText = (text: string): Config =>
  parseConfig(
    text,
    configKey,
    rules.map(({ id }) => id)
  )

/** Whom the configuration exempts from everything. */
function exemptIn({ config }: Cluster, configMap: Reading<LiveObject | undefined>): Config['exempt'] {
  if (config !== undefined) return config.exempt
  const text =
    configMap.state === 'known' ? textOf(recordOf(configMap.value?.['data'])[configKey]) : undefined
  try {
    return text === undefined ? { users: [], groups: [] } : parseConfigText(text).exempt
  } catch (error) {
    if (error instanceof GuardError) return { users: [], groups: [] } // the check of the configuration reports it
    throw error
  }
}

/** Runs the dry runs that the controller repeats every minute, as the user of this command. */
async function probe(
  { client, installation, annotationPrefix }: Cluster,
  exempt: Config['exempt']
): Promise<{ checks: readonly Check[]; annotation: string }> {
  const settings = (await readClusterIdentityWebhook(client, annotationPrefix)) ?? defaultIdentityWebhook
  const [user, webhook, policy, canary] = await Promise.all([
    readUser(client),
    attempt(proveWebhook(client, settings)),
    attempt(provePolicy(client, { wrongCaBundle: issueUnusedCa(), published: undefined })),
    attempt(proveIdentityWebhook(client, settings, moot('associations are not read')))
  ])
  const caller = user.state === 'known' ? user.value : undefined

  return {
    annotation: settings.annotationNames['role-arn'],
    checks: [
      judgeProbe('self-test', webhook, webhookExemptionOf(caller, exempt), installation),
      judgeProbe('policy-test', policy, policyExemptionOf(caller), installation),
      judgeProbe('canary', canary, undefined, installation)
    ]
  }
}

const attempt = async (proof: Promise<Proof>): Promise<Proof> =>
  proof.catch((error: unknown): Proof => ({ state: 'unknown', because: reasonOf(error) }))

async function checksBefore(cluster: Cluster, kubernetes: string): Promise<readonly Check[]> {
  const { client, shipped, installation } = cluster
  const [resources, metrics, rights, found, others] = await Promise.all([
    readObject(client, '/apis/admissionregistration.k8s.io/v1', { name: 'admissionregistration.k8s.io/v1' }),
    readApiServerMetrics(client),
    readInstallRights(client, shipped),
    Promise.all(shipped.map(async (object) => ({ object, live: await readInstalled(client, object) }))),
    readOthers(client, shipped)
  ])
  const namespaces = found
    .filter(({ object }) => shippedOfKind([object], 'Namespace').length > 0)
    .map(({ object, live }) => ({ name: nameOf(object), live }))
  // Without the namespace of the self-test, a request would only fail.
  const isThere = namespaces.some(
    ({ name, live }) => name === canaryNamespace && live.state === 'known' && live.value !== undefined
  )
  const selfTest = isThere ? (await probe(cluster, { users: [], groups: [] })).checks[0] : undefined

  return [
    judgeVersion(known({ gitVersion: kubernetes })),
    judgePolicyApi(resources),
    judgeWebhookAdmission(resources, metrics),
    judgePermissions(rights, installation),
    judgeNamespaces(namespaces, installation),
    judgeLeftovers(found, others, installation),
    judgeNetworkPath(selfTest)
  ]
}
