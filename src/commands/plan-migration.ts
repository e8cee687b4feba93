import { Command, Option } from 'commander'
import { defaultIdentityWebhook, withAnnotationPrefix } from '../identity-webhook/settings.js'
import { associationTexts, type AssociationTool } from '../migration/association-text.js'
import { type MigrationContext, planMigration } from '../migration/plan.js'
import { noDeadline } from '../model/deadline.js'
import { GuardError } from '../model/guard-error.js'
import type { Format } from '../output/formats.js'
import { migrationFormats } from '../output/migration-text.js'
import { buildClusterOnDemand } from '../sources/cluster/on-demand.js'
import { overlaySettings } from '../sources/overlay.js'
import { accountGiven, assertNamespace } from './support/given-names.js'
import { clusterFlags } from './support/kubectl.js'
import { buildLiveAws } from './support/live-aws.js'
import { readManifests } from './support/manifests.js'
import { factOptions, kubeconfigOption, styleOptionsWithVerbose, withOptions } from './support/options.js'
import { type Output, outputsOption, textOnly, writeOutputs } from './support/outputs.js'
import { loadOwnConfigFile, loadSources } from './support/sources.js'
import { complain, fileStyleOf, styleOf, type StyleOptions, type Terminal } from './support/terminal.js'

export interface PlanMigrationOptions extends StyleOptions {
  readonly issuer?: string
  readonly audience?: string
  readonly output?: readonly Output<Format>[]
  readonly iam: readonly string[]
  readonly aws?: boolean
  readonly config?: string
  readonly clusterArn?: string
  readonly namespace?: string
  readonly allNamespaces?: boolean
  readonly serviceAccount?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly tool: AssociationTool
}

export const planMigrationCommand = (terminal: Terminal): Command =>
  withOptions(
    new Command('plan-migration')
      .description(
        'plan how service accounts move from IRSA to EKS Pod Identity; changes nothing (exit codes: 0 all can move, 1 some cannot or are unknown, 2 it could not run)'
      )
      .argument(
        '[files...]',
        'YAML or JSON files, or directories of them, instead of the cluster; - reads stdin'
      )
      .addOption(
        new Option(
          '-n, --namespace <name>',
          'namespace to plan for; also the namespace of objects that name none'
        )
      )
      .addOption(new Option('-A, --all-namespaces', 'plan for the whole cluster').conflicts(['namespace']))
      .option('--service-account <name>', 'plan for this service account only')
      .addOption(kubeconfigOption())
      .option('--context <name>', 'kubeconfig context of the cluster')
      .addOption(
        new Option('--tool <name>', 'the tool that creates the associations')
          .choices(Object.keys(associationTexts))
          .default('aws')
      ),
    factOptions(),
    [outputsOption(migrationFormats)],
    styleOptionsWithVerbose()
  )
    .addHelpText(
      'after',
      `
Examples:
  irsa-guard plan-migration -n shop --aws
  irsa-guard plan-migration -A --aws --tool eksctl -o json
  irsa-guard plan-migration manifests/ --iam iam.json --cluster-arn arn:aws:eks:us-east-1:111122223333:cluster/prod
  irsa-guard plan-migration -n shop --service-account cart --aws --context prod --tool terraform`
    )
    .action(async (files: string[], options: PlanMigrationOptions) => {
      process.exitCode = await printMigrationPlan(files, options, terminal)
    })

/**
 * Prints a plan for the service accounts of a cluster, or of manifest files. Returns the exit code; throws
 * ERR_USAGE, ERR_INPUT, ERR_CONFIG, ERR_IAM_SNAPSHOT, ERR_KUBECONFIG and ERR_OUTPUT.
 */
export async function printMigrationPlan(
  files: readonly string[],
  options: PlanMigrationOptions,
  terminal: Terminal,
  environment: NodeJS.ProcessEnv = process.env
): Promise<0 | 1 | 2> {
  assertUsage(files, options)
  const selection = selectionOf(options)
  const config = await loadOwnConfigFile(options.config)
  const live = files.length === 0 ? await connect(options, environment) : undefined
  const given = await loadSources(options, config, live?.client.clusterArn)
  const { clusterArn } = given
  if (clusterArn === undefined)
    throw new GuardError(
      'ERR_USAGE',
      'the EKS cluster is not known; pass the output of this command with --cluster-arn: aws eks describe-cluster --name CLUSTER --query cluster.arn --output text'
    )
  let noCredentials: string | undefined
  const fromAws = options.aws
    ? await buildLiveAws(config, clusterArn, ({ kind, because }) => {
        if (kind === 'no-credentials') noCredentials ??= because
      })
    : {}
  try {
    const { objects, complaints, unread } = live
      ? { ...(await live.load(selection.namespace)), complaints: [] }
      : await fromFiles(files, terminal)
    for (const complaint of complaints) complain(terminal, complaint)
    const cluster = live && buildClusterOnDemand(live.client)
    const liveSettings = await live?.readSettings(config.annotationPrefix)
    const context: MigrationContext = {
      cluster: clusterArn,
      tool: options.tool,
      kubectl: `kubectl${clusterFlags(options)}`,
      defaultNamespace: selection.namespace,
      isSelected: selection.isSelected,
      isComplete: live !== undefined,
      unread,
      at: new Date(),
      deadline: noDeadline,
      sourcesWith: (together) => ({
        ...together,
        ...given,
        ...fromAws,
        namespaces: cluster ?? together.namespaces,
        associations: together.associationsWith(clusterArn, fromAws.associations ?? given.associations),
        identityWebhook: withAnnotationPrefix(
          overlaySettings(together.identityWebhook, liveSettings) ?? defaultIdentityWebhook,
          config.annotationPrefix
        )
      })
    }
    const plan = await planMigration(objects, context)
    await writeOutputs(
      options.output ?? textOnly,
      ({ format, file }) =>
        migrationFormats[format](
          plan,
          file === undefined ? styleOf(options, terminal) : fileStyleOf(options)
        ),
      terminal
    )
    if (noCredentials !== undefined) complain(terminal, `--aws: ${noCredentials}`)
    if (complaints.length > 0 || noCredentials !== undefined) return 2

    return plan.accounts.every(({ state }) => state === 'can-move' || state === 'moved') ? 0 : 1
  } finally {
    live?.client.close()
  }
}

function assertUsage(files: readonly string[], options: PlanMigrationOptions): void {
  assertNamespace(options.namespace)
  if (files.length > 0) {
    if (options.context === undefined && options.kubeconfig === undefined) return
    throw new GuardError(
      'ERR_USAGE',
      'files are given together with --context or --kubeconfig; expected either files or a cluster'
    )
  }
  const isNamed = options.serviceAccount?.includes('/') === true
  if (options.namespace === undefined && options.allNamespaces !== true && !isNamed)
    throw new GuardError('ERR_USAGE', 'no namespace given; pass -n NAMESPACE, or -A for the whole cluster')
}

/** The namespace to read, and which of its service accounts to plan for. */
function selectionOf(options: PlanMigrationOptions): Pick<MigrationContext, 'isSelected'> & {
  readonly namespace: string | undefined
} {
  const { namespace, serviceAccount } = options
  if (serviceAccount === undefined)
    return {
      namespace,
      isSelected: (account) => namespace === undefined || account.namespace === namespace
    }
  if (namespace === undefined && !serviceAccount.includes('/'))
    return { namespace, isSelected: ({ name }) => name === serviceAccount }
  const given = accountGiven({ namespace, serviceAccount })

  return {
    namespace: given.namespace,
    isSelected: (account) => account.namespace === given.namespace && account.name === given.serviceAccount
  }
}

/**
 * Connects to the cluster. The Kubernetes client is loaded only here, because that takes as long as planning
 * for thousands of objects.
 */
async function connect(options: PlanMigrationOptions, environment: NodeJS.ProcessEnv) {
  const { connectCluster, readClusterIdentityWebhook } = await import('./support/cluster.js')
  const { loadClusterObjects } = await import('./support/cluster-objects.js')
  const client = connectCluster(options, environment)

  return {
    client,
    load: async (namespace: string | undefined) => loadClusterObjects(client, namespace),
    readSettings: async (prefix: string | undefined) => readClusterIdentityWebhook(client, prefix)
  }
}

async function fromFiles(
  files: readonly string[],
  terminal: Terminal
): Promise<{ objects: readonly unknown[]; complaints: readonly string[]; unread: readonly string[] }> {
  const { objects, complaints, notes } = await readManifests(files, terminal)
  for (const note of notes) complain(terminal, note)

  return { objects: objects.map(({ object }) => object), complaints, unread: [] }
}
