import { type Config, parseConfig } from '../../config.js'
import { ownNames } from '../../controller/own-names.js'
import { proveIdentityWebhook } from '../../controller/probes/canary.js'
import { type Proof, provePolicy, proveWebhook } from '../../controller/probes/self-test.js'
import { issueUnusedCa } from '../../controller/probes/unused-ca.js'
import { defaultIdentityWebhook } from '../../identity-webhook/settings.js'
import { readUser } from '../../kube/access.js'
import type { KubeClient } from '../../kube/client.js'
import { known, moot } from '../../model/fact.js'
import { GuardError } from '../../model/guard-error.js'
import { rules } from '../../rules/index.js'
import { judgeAbsence } from '../../status/absence.js'
import { judgeAwsAccess } from '../../status/aws-access.js'
import { judgeOwnBundle, judgeServingCertificate } from '../../status/certificates.js'
import type { Check, Installation, LiveObject, Reading } from '../../status/check.js'
import { configKey, judgeConfig } from '../../status/config.js'
import { judgePolicies } from '../../status/policies.js'
import { judgeProbe, policyExemptionOf, webhookExemptionOf } from '../../status/probes.js'
import { judgeProcess, runningVersionOf } from '../../status/processes.js'
import { judgeRegistration } from '../../status/registration.js'
import { isForCertificates, judgeRights } from '../../status/rights.js'
import { shippedObject } from '../../status/shipped.js'
import { judgeGuardedBundles, judgeWebhookTrust } from '../../status/webhook-trust.js'
import { reasonOf } from '../../text/escape.js'
import { recordOf, textOf } from '../../text/record.js'
import { readClusterIdentityWebhook } from './cluster.js'
import {
  ownBundleOf,
  readInstalled,
  readPods,
  readPolicies,
  readRights,
  readServed,
  readTrust
} from './installed.js'

/** The cluster that is checked, and what it is compared with. */
export interface CheckedCluster {
  readonly installation: Installation
  readonly client: KubeClient
  readonly shipped: readonly LiveObject[]
  /** The configuration that the user names. It takes precedence over the one in the cluster. */
  readonly config: Config | undefined
  readonly annotationPrefix: string | undefined
  readonly environment: NodeJS.ProcessEnv
}

/** Checks an installation, or reports only that there is none. */
export async function checksOf(cluster: CheckedCluster): Promise<readonly Check[]> {
  const { client, shipped, installation, environment } = cluster
  const { namespace } = installation
  const one = async (kind: string, name: string): Promise<Reading<LiveObject | undefined>> =>
    readInstalled(client, shippedObject(shipped, kind, name))
  const registered = shippedObject(shipped, 'ValidatingWebhookConfiguration', ownNames.webhookConfiguration)
  const main = await Promise.all([
    one('Deployment', 'irsa-guard-serve'),
    one('Deployment', 'irsa-guard-controller'),
    one('ConfigMap', 'irsa-guard-config'),
    one('ServiceAccount', 'irsa-guard-serve'),
    readInstalled(client, registered)
  ])
  const absence = judgeAbsence(main, installation)
  if (absence !== undefined) return [absence]

  const [serve, controller, configMap, account, configuration] = main
  const [servePods, controllerPods, service, policies, trust, rights] = await Promise.all([
    readPods(client, namespace, 'irsa-guard-serve'),
    readPods(client, namespace, 'irsa-guard-controller'),
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
  const served = await readServed(client, configuration, servePods, environment)
  const entries = trust.trust.state === 'known' ? known(trust.trust.value?.entries) : trust.trust
  const config = configIn(cluster, configMap)
  const isManaged = config?.tls.managed ?? true
  const certificates = { ...installation, isManaged }
  const { checks: probes, annotation } = await probe(cluster, config?.exempt ?? { users: [], groups: [] })

  return [
    process('serve', serve, servePods),
    process('controller', controller, controllerPods),
    judgeConfig(configMap, parseConfigText, versioned),
    judgeRegistration({ configuration, service }, { ...installation, shipped: registered }),
    judgeOwnBundle(configuration, entries, certificates),
    judgeServingCertificate(served, ownBundleOf(configuration), certificates),
    judgePolicies(policies, versioned),
    judgeWebhookTrust(trust, installation),
    judgeGuardedBundles(trust, installation),
    ...probes,
    judgeRights(
      rights.filter(({ right }) => isManaged || !isForCertificates(right)),
      installation
    ),
    judgeAwsAccess(account, annotation, installation)
  ]
}

const parseConfigText = (text: string): Config =>
  parseConfig(
    text,
    configKey,
    rules.map(({ id }) => id)
  )

/** The configuration that the processes use; undefined if it cannot be read. A separate check reports that. */
function configIn(
  { config }: CheckedCluster,
  configMap: Reading<LiveObject | undefined>
): Config | undefined {
  if (config !== undefined) return config
  const text =
    configMap.state === 'known' ? textOf(recordOf(configMap.value?.['data'])[configKey]) : undefined
  try {
    return text === undefined ? undefined : parseConfigText(text)
  } catch (error) {
    if (error instanceof GuardError) return undefined
    throw error
  }
}

/** Performs, as the user of this command, the dry runs that the controller repeats every minute. */
export async function probe(
  { client, installation, annotationPrefix }: CheckedCluster,
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
