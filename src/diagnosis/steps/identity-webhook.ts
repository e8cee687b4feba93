import type { RegisteredWebhook } from '../../identity-webhook/registrations.js'
import type { Finding } from '../../model/finding.js'
import { isEksIssuer } from '../../model/issuer.js'
import { isEksWebhook } from '../../model/webhook-configuration.js'
import { apply, patch, repairBundles } from '../commands.js'
import type { JudgedBundle } from '../observations.js'
import { type ProbeOutcome, probeOutcomeOf } from '../probe.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, couldNotTell, follows, ok, wrong, wrongBy } from '../scene.js'
import { eksWebhook, eksWebhookConfiguration } from './eks-webhook.js'

/**
 * Whether the identity webhook is registered, is called for these pods, is trusted by the API server, and
 * mutates a pod that is created now. The dry-run pod is conclusive: new pods get what it got.
 */
export function identityWebhookStep(scene: Scene, before: readonly Judged[]): Judged {
  const { webhooks, told, bundles } = scene
  const { wrong: findings, explaining, remarks } = told('identity-webhook')
  const account = before.find(({ step }) => step === 'service-account')
  const outcome = probeOutcomeOf(scene)
  const names = webhooks.state === 'known' ? webhooks.value.map(({ webhook }) => webhook.name) : []
  const shown = names.length === 0 ? 'mutates pods' : `${names.join(', ')} mutates pods`
  if (outcome.state === 'works')
    return ok('identity-webhook', `${shown} created now (dry run)`, [...findings, ...explaining, ...remarks])

  const cause = causeAmong(scene, outcome)
  if (cause !== undefined) return cause
  if (account?.state === 'wrong')
    return follows('identity-webhook', 'service-account', 'no pod can be created to try it')
  if (brokenAmong(before, 'association') !== undefined)
    return follows('identity-webhook', 'association', 'it has nothing to inject without an association')
  if (scene.isOwnRole)
    return ok('identity-webhook', 'not needed: the pod template itself sets the role', remarks)
  if (webhooks.state !== 'known') return couldNotTell('identity-webhook', webhooks.because)
  const doubt = bundles.find(({ report }) => report.state === 'unknown')
  const asked = requestsNothing(scene)
  if (asked !== undefined) return couldNotTell('identity-webhook', asked, `${names.join(', ')} is registered`)
  if (outcome.state === 'unknown')
    return couldNotTell('identity-webhook', outcome.because, `${names.join(', ')} is registered`)

  const because = doubt?.report.because
  return wrong(
    'identity-webhook',
    `${names.join(', ')} is registered, but ${outcome.because}${because === undefined ? '' : ` (whether its caBundle is right is not known: ${because})`}`,
    { fix: notAnswering(webhooks.value), needsNewPods: true }
  )
}

/**
 * What is wrong with the identity webhook, if findings or a wrong `caBundle` show it, or if findings explain
 * why a pod got no credentials. Otherwise undefined.
 */
function causeAmong(scene: Scene, outcome: ProbeOutcome): Judged | undefined {
  const { told, bundles, tools } = scene
  const { wrong: findings, explaining } = told('identity-webhook')
  const bad = bundles.filter(({ report }) => !report.good && !isUndetermined(report))
  const others = findings.filter(({ rule }) => !rule.startsWith('ca-bundle-') || bad.length === 0)
  const causes = [...others, ...(outcome.state === 'fails' ? explaining : explaining.filter(isError))]
  if (causes.length > 0)
    return wrongBy('identity-webhook', causes, {
      needsNewPods: true,
      commands: [...repairsOf(scene, bad), ...commandsFor(scene, causes)]
    })
  const [first] = bad
  if (first === undefined) return undefined
  const rule = findings.find(({ rule }) => rule.startsWith('ca-bundle-'))
  const { webhook, configuration } = first.webhook

  return wrong('identity-webhook', `the caBundle of webhook ${webhook.name} is ${bundleShown(first)}`, {
    fix:
      rule?.fix ??
      `write the bundle that this prints: irsa-guard ca mutatingwebhookconfiguration/${configuration}${tools.clusterFlags} --fix`,
    ...(rule && { rule: rule.rule }),
    needsNewPods: true,
    commands: repairsOf(scene, bad)
  })
}

/** One command for each configuration that has a wrong bundle, if the right content of the bundle is known. */
const repairsOf = ({ tools }: Scene, bad: readonly JudgedBundle[]): string[] => [
  ...new Set(
    bad
      .filter(({ report }) => report.repaired !== undefined)
      .map(({ webhook }) => repairBundles(tools, webhook.configuration))
  )
]

const isError = ({ severity }: Finding): boolean => severity === 'error'

const isUndetermined = ({ state, verdict }: JudgedBundle['report']): boolean =>
  state === 'unknown' && verdict?.accepted !== false

const bundleShown = ({ report: { state, because, verdict, faults } }: JudgedBundle): string =>
  state !== undefined && state !== 'ok' && state !== 'unknown'
    ? `${state}: ${because ?? ''}`
    : `not usable: ${verdict?.reason ?? faults.map(({ message }) => message).join('; ')}`

/** Why a dry-run pod would prove nothing; undefined if it would be a useful test. */
function requestsNothing({ request, chain: { chain } }: Scene): string | undefined {
  return chain !== 'pod-identity' && request.state === 'known' && request.value === undefined
    ? 'the service account has no role, so the identity webhook has nothing to inject'
    : undefined
}

const notAnswering = (registered: readonly RegisteredWebhook[]): string =>
  registered.some(({ webhook }) => isEksWebhook(webhook))
    ? "EKS runs it next to the API server: look for its name in the API server's log (failed calling webhook); if the control plane is otherwise healthy, contact AWS Support"
    : "check that the webhook's pods run and answer: the API server's log names the reason (failed calling webhook)"

/** The commands for findings with only one right fix. Only the webhook that EKS registers has such findings. */
function commandsFor(scene: Scene, causes: readonly Finding[]): string[] {
  const { tools, facts, clusterCa, webhooks } = scene
  const registered = webhooks.state === 'known' ? webhooks.value : []

  return causes.flatMap(({ rule, field }) => {
    if (rule === 'identity-webhook-missing') {
      const isEks = facts.issuer?.state === 'known' && isEksIssuer(facts.issuer.value)
      return isEks && clusterCa !== undefined ? [apply(tools, eksWebhookConfiguration(clusterCa))] : []
    }
    if (rule !== 'identity-webhook-misses-pods') return []
    const part = (['rules', 'namespaceSelector', 'objectSelector', 'matchConditions'] as const).find((name) =>
      field.endsWith(`.${name}`)
    )
    const found = registered.find(
      ({ webhook }) => isEksWebhook(webhook) && field.startsWith(`webhooks[${webhook.index}].`)
    )
    if (part === undefined || found === undefined) return []
    const { webhook, configuration } = found
    const test = { op: 'test', path: `/webhooks/${webhook.index}/name`, value: webhook.name }
    const path = `/webhooks/${webhook.index}/${part}`
    const change =
      part === 'matchConditions' ? { op: 'remove', path } : { op: 'add', path, value: eksWebhook[part] }

    return [patch(tools, `mutatingwebhookconfiguration ${configuration}`, undefined, [test, change])]
  })
}
