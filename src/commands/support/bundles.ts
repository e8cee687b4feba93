import { readFile } from 'node:fs/promises'
import { acceptedTexts } from '../../ca-bundle/accepted-texts.js'
import type { ClusterCas } from '../../ca-bundle/confirm-cas.js'
import type { InjectedCas } from '../../ca-bundle/injection.js'
import { type BundleReport, bundleReportOf } from '../../ca-bundle/report.js'
import type { WebhookTrust } from '../../controller/webhook-trust.js'
import type { Fact } from '../../model/fact.js'
import { GuardError } from '../../model/guard-error.js'
import {
  controlPlaneWebhooksOf,
  parseWebhookConfiguration,
  type Webhook,
  type WebhookConfigurationSubject
} from '../../model/webhook-configuration.js'
import { bundleTextOf } from '../../output/bundle-text.js'
import { type Format, jsonOf } from '../../output/formats.js'
import { shellQuote } from '../../text/shell.js'
import { decodeBase64 } from '../../x509/base64.js'
import { entryOf, expectedBundlesOf } from './expected-bundles.js'
import { loadChainOf } from './served-chain.js'
import { loadCaFile, loadText } from './sources.js'
import type { Terminal } from './terminal.js'

export interface CaOptions {
  readonly bundle: string
  readonly server?: string
  readonly chain?: string
  readonly host?: string
  readonly clusterCa?: string
  readonly go?: string
  readonly fix: boolean
  readonly output: Format
}

/**
 * 0: ok, or only warnings; 1: at least one bundle is broken; 2: the expected CA of a webhook is undetermined,
 * and no bundle is broken.
 */
export type CaExitCode = 0 | 1 | 2

/** A printed bundle; `name` is the name of its webhook, if known. */
interface Block {
  readonly name: string | undefined
  readonly report: BundleReport
  readonly patch: string | undefined
}

export const bundleFormats = {
  text: (blocks) => blocks.map(({ report, ...about }) => bundleTextOf(report, about)).join('\n'),
  json: (blocks) => {
    const content = blocks.map(({ name, report, patch }) => ({
      ...(name !== undefined && { webhook: name }),
      ...report,
      ...(patch !== undefined && { patch })
    }))
    return jsonOf(blocks[0]?.name === undefined ? content[0] : content)
  }
} satisfies Record<Format, (blocks: readonly Block[]) => string>

/**
 * Predicts whether the API server accepts one bundle. Returns the exit code; throws ERR_INPUT and ERR_USAGE.
 */
export async function ca(
  options: CaOptions,
  terminal: Pick<Terminal, 'stdout'>,
  at = new Date()
): Promise<CaExitCode> {
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
  const report = bundleReportOf({
    caBundle: bundle.toString('base64'),
    served: chain === undefined || host === undefined ? undefined : { chain, host },
    clusterCa,
    policy: clusterCa === undefined ? undefined : { action: 'Deny', ...acceptedTexts(clusterCa, options) },
    at,
    go: options.go
  })

  return print([{ webhook: undefined, report }], options, terminal)
}

/** What determines the expected bundles of a configuration's webhooks, and what they serve. */
export interface BundleFacts {
  readonly clusterCas: ClusterCas
  /** The chain that the API server next to the control-plane webhooks serves now. */
  readonly apiServer?: { chain: string; host: string } | undefined
  /** Returns the chain that a webhook serves, if a connection was possible. */
  readonly servedBy?: (webhook: Webhook) => { chain: string; host: string } | undefined
  /** What the injector writes. */
  readonly injected: Fact<InjectedCas>
  /** What the policy compares with. */
  readonly published: Fact<WebhookTrust>
}

/**
 * Predicts whether the API server accepts the bundle of each webhook in a configuration, and prints the
 * reports.
 */
export function caOfConfiguration(
  object: Readonly<Record<string, unknown>>,
  facts: BundleFacts,
  options: Pick<CaOptions, 'fix' | 'output' | 'go'>,
  terminal: Pick<Terminal, 'stdout'>,
  at = new Date()
): CaExitCode {
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
      report: bundleReportOf({
        caBundle: webhook.caBundle ?? '',
        served: facts.servedBy?.(webhook) ?? apiServer,
        ...expectedBundlesOf(webhook, { ...facts, isOfControlPlane }),
        policy: entryOf(webhook.name, facts.published),
        at,
        go
      })
    }
  })
}

/** One report, and the webhook that it is about, if known. */
export interface Reported {
  readonly webhook: { configuration: WebhookConfigurationSubject; webhook: Webhook } | undefined
  readonly report: BundleReport
}

function print(
  reported: readonly Reported[],
  { fix, output }: Pick<CaOptions, 'fix' | 'output'>,
  terminal: Pick<Terminal, 'stdout'>
): CaExitCode {
  const blocks = reported.map(({ webhook, report }) => ({
    name: webhook?.webhook.name,
    report,
    patch: fix && report.repaired !== undefined ? patchCommand(report.repaired, webhook) : undefined
  }))
  terminal.stdout(bundleFormats[output](blocks))

  const bad = reported.filter(({ report }) => !report.good)

  return bad.length === 0 ? 0 : bad.every(({ report }) => couldNotTell(report)) ? 2 : 1
}

const couldNotTell = ({ state, verdict }: BundleReport): boolean =>
  state === 'unknown' && verdict?.accepted !== false

/** The command that puts a bundle into a webhook, with placeholders if the object is not known. */
export function patchCommand(caBundle: string, target: Reported['webhook'], kubectl = 'kubectl'): string {
  const kind = (target?.configuration.kind ?? 'MutatingWebhookConfiguration').toLowerCase()
  const name = target?.configuration.name ?? 'NAME'
  const index = target?.webhook.index ?? 0
  // The test operation keeps the patch from changing another webhook if the list has changed in the meantime.
  const test =
    target === undefined ? [] : [{ op: 'test', path: `/webhooks/${index}/name`, value: target.webhook.name }]
  const patch = [...test, { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle }]

  return `${kubectl} patch ${kind} ${shellQuote(name)} --type json -p ${shellQuote(JSON.stringify(patch))}`
}

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
