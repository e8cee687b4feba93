import { readFile } from 'node:fs/promises'
import { acceptedTexts } from '../../ca-bundle/accepted-texts.js'
import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import type { InjectedCas } from '../../ca-bundle/injection.js'
import { type BundleReport, bundleReportOf } from '../../ca-bundle/report.js'
import type { Fact } from '../../model/fact.js'
import { GuardError } from '../../model/guard-error.js'
import {
  controlPlaneWebhooksOf,
  parseWebhookConfiguration,
  type Webhook
} from '../../model/webhook-configuration.js'
import type { WebhookTrust } from '../../sources/cluster/webhook-trust.js'
import { decodeBase64 } from '../../x509/base64.js'
import { type BundleOutputOptions, type Reported, writeBundles } from './bundle-output.js'
import { entryOf, expectedBundlesOf } from './expected-bundles.js'
import { loadChainOf } from './served-chain.js'
import { loadCaFile, loadText } from './sources.js'

export interface CaOptions extends BundleOutputOptions {
  readonly bundle: string
  readonly server?: string
  readonly chain?: string
  readonly host?: string
}

/** Where the output of `ca` goes. */
type BundleTerminal = Parameters<typeof writeBundles>[2]

/**
 * 0: ok, or only warnings; 1: at least one bundle is broken; 2: the expected CA of a webhook is undetermined,
 * and no bundle is broken.
 */
export type CaExitCode = 0 | 1 | 2

/**
 * Predicts whether the API server accepts one bundle. Returns the exit code; throws ERR_INPUT and ERR_USAGE.
 */
export async function ca(options: CaOptions, terminal: BundleTerminal, at = new Date()): Promise<CaExitCode> {
  if (options.chain !== undefined && options.server !== undefined)
    throw new GuardError('ERR_USAGE', '--server and --chain are both given; expected only one')
  if (options.chain !== undefined && options.host === undefined) {
    throw new GuardError(
      'ERR_USAGE',
      '--chain is given without --host, the name or address by which the API server calls the webhook'
    )
  }
  const bundle = await loadBundleFile(options.bundle)
  const chain =
    options.server === undefined
      ? await optionalText(options.chain)
      : await loadChainOf(options.server, options.host)
  const host = options.host ?? hostOf(options.server)
  const clusterCa = options.clusterCa === undefined ? undefined : await loadCaFile(options.clusterCa)
  const caBundle = bundle.toString('base64')
  const report = bundleReportOf({
    caBundle,
    served: chain === undefined || host === undefined ? undefined : { chain, host },
    clusterCa,
    policy: clusterCa === undefined ? undefined : { action: 'Deny', ...acceptedTexts(clusterCa, options) },
    at,
    go: options.go
  })

  return print([{ webhook: undefined, report, caBundle }], options, terminal)
}

/** What determines the expected bundles of a configuration's webhooks, and the chains that they serve. */
export interface BundleFacts {
  readonly clusterCas: ClusterCas
  /**
   * The chain that the API server currently serves. The API server runs alongside the control-plane webhooks.
   */
  readonly apiServer?: { chain: string; host: string } | undefined
  /** Returns the chain that a webhook serves, if irsa-guard could connect to it. */
  readonly servedBy?: (webhook: Webhook) => { chain: string; host: string } | undefined
  /** What the injector writes. */
  readonly injected: Fact<InjectedCas>
  /** What the policy compares bundles with. */
  readonly published: Fact<WebhookTrust>
}

/**
 * Predicts whether the API server accepts the bundle of each webhook in a configuration, and prints the
 * reports.
 */
export async function caOfConfiguration(
  object: Readonly<Record<string, unknown>>,
  facts: BundleFacts,
  options: BundleOutputOptions,
  terminal: BundleTerminal,
  at = new Date()
): Promise<CaExitCode> {
  return print(bundleReportsOf(object, facts, at, options.go), options, terminal)
}

/**
 * The report on each webhook's bundle. The cluster CA applies only to control-plane webhooks, because other
 * webhooks have their own CA. Throws ERR_INPUT if the object is not a webhook configuration.
 */
export function bundleReportsOf(
  object: Readonly<Record<string, unknown>>,
  facts: BundleFacts,
  at: Date,
  go?: string
): (Reported & { readonly webhook: NonNullable<Reported['webhook']> })[] {
  const configuration = parseWebhookConfiguration(object, { stage: 'source' })
  if (configuration === undefined)
    throw new GuardError(
      'ERR_INPUT',
      'expected a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration'
    )

  const ofControlPlane = controlPlaneWebhooksOf(configuration)
  return configuration.webhooks.map((webhook) => {
    const isOfControlPlane = ofControlPlane.includes(webhook)
    const apiServer =
      isOfControlPlane && facts.apiServer ? { ...facts.apiServer, of: 'api-server' as const } : undefined

    return {
      webhook: { configuration, webhook },
      caBundle: webhook.caBundle ?? '',
      report: bundleReportOf({
        caBundle: webhook.caBundle ?? '',
        served: facts.servedBy?.(webhook) ?? apiServer,
        ...expectedBundlesOf(webhook, { ...facts, isOfControlPlane, at }),
        policy: entryOf(webhook.name, facts.published),
        at,
        go
      })
    }
  })
}

async function print(
  reported: readonly Reported[],
  options: BundleOutputOptions,
  terminal: BundleTerminal
): Promise<CaExitCode> {
  await writeBundles(reported, options, terminal)
  const bad = reported.filter(({ report }) => !report.good)

  return bad.length === 0 ? 0 : bad.every(({ report }) => couldNotTell(report)) ? 2 : 1
}

const couldNotTell = ({ state, verdict }: BundleReport): boolean =>
  state === 'unknown' && verdict?.accepted !== false

/** Reads a bundle: PEM, or base64 as in an object. */
async function loadBundleFile(file: string): Promise<Buffer> {
  const content = await readFile(file).catch(() => undefined)
  if (content === undefined) await loadText(file) // throws an error with the reason
  const bytes = content ?? Buffer.alloc(0)
  const text = bytes.toString('latin1').trim()
  if (text.includes('-----BEGIN')) return bytes

  return (text === '' ? undefined : decodeBase64(text)) ?? bytes
}

const optionalText = async (file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : loadText(file)

const hostOf = (server: string | undefined): string | undefined =>
  server?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
