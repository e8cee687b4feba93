import type { BundleReport } from '../../ca-bundle/report.js'
import { GuardError } from '../../model/guard-error.js'
import {
  identityWebhooksOf,
  type Webhook,
  type WebhookConfigurationSubject
} from '../../model/webhook-configuration.js'
import { bundleTextOf } from '../../output/bundle-text.js'
import { type Format, jsonOf } from '../../output/formats.js'
import type { Style } from '../../output/style.js'
import { shellQuote } from '../../text/shell.js'
import { clusterFlags } from './kubectl.js'
import { type Output, textOnly, writeOutputs } from './outputs.js'
import { errorStyleOf, fileStyleOf, styleOf, type StyleOptions, type Terminal } from './terminal.js'

/** The formats of `ca`; `pem` is the repaired bundle. */
export type BundleFormat = Format | 'pem'

/** The options that decide what `ca` prints. The commands that it prints repeat them. */
export interface BundleOutputOptions extends StyleOptions {
  readonly fix: boolean
  readonly output?: readonly Output<BundleFormat>[]
  readonly bundle?: string
  readonly clusterCa?: string
  readonly go?: string
  readonly kubeconfig?: string
  readonly context?: string
}

/** One report, and the webhook that it is about, if known. */
export interface Reported {
  readonly webhook: { configuration: WebhookConfigurationSubject; webhook: Webhook } | undefined
  readonly report: BundleReport
  /** The bundle that was judged, in base64; empty if there is none. */
  readonly caBundle: string
}

export const bundleFormats = {
  text: (reported, options, style) =>
    reported
      .map(({ webhook, report }) =>
        bundleTextOf(
          report,
          {
            name: webhook?.webhook.name,
            failurePolicy: webhook?.webhook.failurePolicy,
            isIdentityWebhook: isIdentityWebhook(webhook),
            fixCommand: fixCommandOf(webhook, options),
            thenCommand: isIdentityWebhook(webhook) ? `irsa-guard scan${clusterFlags(options)}` : undefined
          },
          style
        )
      )
      .join('\n'),
  json: (reported, options) => {
    const content = reported.map(({ webhook, report, caBundle }) => {
      const patch = options.fix
        ? patchCommand([{ webhook, report, caBundle }], `kubectl${clusterFlags(options)}`)
        : ''

      return {
        ...(webhook !== undefined && { webhook: webhook.webhook.name }),
        ...report,
        ...(patch !== '' && { patch })
      }
    })
    return jsonOf(reported[0]?.webhook === undefined ? content[0] : content)
  },
  pem: (reported) => pemOf(reported)
} satisfies Record<
  BundleFormat,
  (reported: readonly Reported[], options: BundleOutputOptions, style: Style) => string
>

/**
 * Writes the reports. With `--fix`, stdout gets only what can be piped: the command that repairs the bundles
 * or, with `--output`, JSON or the repaired bundle. The text of the report then goes to stderr, unless stdout
 * gets JSON. Throws ERR_USAGE and ERR_OUTPUT.
 */
export async function writeBundles(
  reported: readonly Reported[],
  options: BundleOutputOptions,
  terminal: Pick<Terminal, 'stdout' | 'stderr' | 'screen' | 'hasColors' | 'errorScreen'>
): Promise<void> {
  const outputs = options.output ?? textOnly
  if (!options.fix && outputs.some(({ format }) => format === 'pem'))
    throw new GuardError('ERR_USAGE', '--output pem prints the repaired bundle; pass --fix, too')
  const isReportOnStdout = outputs.some(({ format, file }) => file === undefined && format === 'json')
  const isCommandOnStdout = outputs.some(({ format, file }) => file === undefined && format === 'text')
  if (options.fix && !isReportOnStdout)
    terminal.stderr(
      `${bundleFormats.text(reported, options, errorStyleOf(options, terminal))}${isCommandOnStdout ? reported.map(placeholdersOf).join('') : ''}`
    )
  await writeOutputs(
    outputs,
    ({ format, file }) =>
      options.fix && format === 'text' && file === undefined
        ? withNewline(patchCommand(reported, `kubectl${clusterFlags(options)}`))
        : bundleFormats[format](
            reported,
            options,
            file === undefined ? styleOf(options, terminal) : fileStyleOf(options)
          ),
    terminal
  )
}

const isIdentityWebhook = (webhook: Reported['webhook']): boolean =>
  webhook !== undefined && identityWebhooksOf(webhook.configuration).includes(webhook.webhook)

/** The command that prints the repair. For an object in a cluster, it also runs the repair. */
function fixCommandOf(webhook: Reported['webhook'], options: BundleOutputOptions): string {
  const { bundle, clusterCa, go } = options
  const flag = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [name, shellQuote(value)]
  const target =
    webhook === undefined
      ? flag('--bundle', bundle)
      : [shellQuote(`${webhook.configuration.kind.toLowerCase()}/${webhook.configuration.name}`)]

  return [
    `${['irsa-guard', 'ca', ...target].join(' ')}${clusterFlags(options)}`,
    ...flag('--cluster-ca', clusterCa),
    ...flag('--go', go),
    '--fix',
    ...(webhook === undefined ? [] : ['| sh'])
  ].join(' ')
}

const withNewline = (command: string): string => (command === '' ? '' : `${command}\n`)

/**
 * The command that writes the repaired bundles of one configuration, with placeholders if the object is not
 * known. Empty if there is nothing to repair.
 */
function patchCommand(reported: readonly Reported[], kubectl: string): string {
  const broken = reported.filter(({ report }) => report.repaired !== undefined)
  const [first] = broken
  if (first === undefined) return ''
  const { kind, name } = first.webhook?.configuration ?? {
    kind: 'MutatingWebhookConfiguration',
    name: 'NAME'
  }
  const patch = broken.flatMap(({ webhook: target, report, caBundle }) => {
    const index = target?.webhook.index ?? 0
    const path = `/webhooks/${index}/clientConfig/caBundle`
    // The test operations make the patch fail if the list of webhooks or the bundle has changed in the
    // meantime.
    const tests = [
      ...(target === undefined
        ? []
        : [{ op: 'test', path: `/webhooks/${index}/name`, value: target.webhook.name }]),
      ...(isCanonical(caBundle) ? [{ op: 'test', path, value: caBundle }] : [])
    ]

    return [...tests, { op: 'add', path, value: report.repaired }]
  })

  return `${kubectl} patch ${kind.toLowerCase()} ${shellQuote(name)} --type json -p ${shellQuote(JSON.stringify(patch))}`
}

/**
 * Whether this is exactly the base64 text that the API server stores. This matters because a test operation
 * compares text.
 */
const isCanonical = (caBundle: string): boolean =>
  caBundle !== '' && Buffer.from(caBundle, 'base64').toString('base64') === caBundle

/** What the user has to replace in the command if the object of the bundle is not known. */
const placeholdersOf = ({ webhook, report, caBundle }: Reported): string =>
  webhook !== undefined || report.repaired === undefined
    ? ''
    : `The command is for the first webhook of NAME: replace NAME, and both 0s if another webhook has this bundle.\n${
        isCanonical(caBundle)
          ? 'The API server refuses the command if that webhook has another bundle.\n'
          : 'The command does not check which webhook it changes, because the bundle is empty.\n'
      }`

/**
 * The repaired bundle as PEM; empty if there is nothing to repair. Throws ERR_USAGE if there are several
 * repaired bundles and they differ.
 */
function pemOf(reported: readonly Reported[]): string {
  const bundles = new Set(reported.flatMap(({ report }) => report.repaired ?? []))
  // One file with the CAs of several webhooks would make each of them trust the CAs of the others.
  if (bundles.size > 1)
    throw new GuardError(
      'ERR_USAGE',
      `${bundles.size} webhooks need different bundles, and --output pem prints one; run --fix without it`
    )
  const [bundle = ''] = bundles

  return Buffer.from(bundle, 'base64').toString('latin1')
}
