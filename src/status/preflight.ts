import { listOf, recordOf, textOf } from '../text/record.js'
import { shellQuote } from '../text/shell.js'
import { version } from '../version.js'
import { type Check, type Installation, type LiveObject, type Reading } from './check.js'
import { kindOf, nameOf, titleOf } from './shipped.js'

// Validating admission policies are always enabled since 1.30:
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
const oldestMinor = 30

/** Whether irsa-guard supports the version of the API server. */
export function judgeVersion(found: string): Check {
  const check = 'kubernetes'
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(found) ?? []
  if (major === undefined || minor === undefined) {
    const because = 'the API server did not report its version'
    return { check, state: 'unknown', message: 'the version of Kubernetes is unknown', because }
  }
  const isSupported = Number(major) > 1 || Number(minor) >= oldestMinor

  return isSupported
    ? { check, state: 'ok', message: found }
    : {
        check,
        state: 'wrong',
        message: `${found}; irsa-guard needs 1.${oldestMinor} or newer`,
        because: 'only a ValidatingAdmissionPolicy can deny an unexpected caBundle'
      }
}

const policyResources = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']
const webhookResources = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']

/** Whether the API server serves ValidatingAdmissionPolicy v1. `resources` is its APIResourceList. */
export function judgePolicyApi(resources: Reading<LiveObject | undefined>): Check {
  const check = 'policy-api'
  if (resources.state === 'unknown') {
    const message = 'the resources of admissionregistration.k8s.io/v1 could not be read'
    return { check, state: 'unknown', message, because: resources.because }
  }
  const missing = missingOf(policyResources, resources.value)

  return missing.length === 0
    ? { check, state: 'ok', message: 'admissionregistration.k8s.io/v1 has ValidatingAdmissionPolicy' }
    : {
        check,
        state: 'wrong',
        message: `the API server has no ${missing.join(', ')} in admissionregistration.k8s.io/v1`,
        because: 'irsa-guard could not deny an unexpected caBundle'
      }
}

/**
 * Whether the API server calls webhooks. It has a metric for each admission plugin that has run since it
 * started. A plugin without a metric may be disabled, or no request has needed it yet.
 * https://kubernetes.io/docs/reference/instrumentation/metrics/ (apiserver_admission_controller_admission_duration_seconds)
 */
export function judgeWebhookAdmission(
  resources: Reading<LiveObject | undefined>,
  metrics: Reading<string>
): Check {
  const check = 'webhook-admission'
  const message = 'could not determine whether the API server calls webhooks'
  if (resources.state === 'unknown') return { check, state: 'unknown', message, because: resources.because }
  const missing = missingOf(webhookResources, resources.value)
  if (missing.length > 0)
    return { check, state: 'wrong', message: `the API server has no ${missing.join(', ')}` }
  if (metrics.state === 'unknown') {
    const because = `${metrics.because}; both plugins are enabled by default`
    return { check, state: 'unknown', message, because }
  }
  const silent = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'].filter(
    (plugin) =>
      !metrics.value.includes(
        `apiserver_admission_controller_admission_duration_seconds_count{name="${plugin}"`
      )
  )

  return silent.length === 0
    ? { check, state: 'ok', message: 'MutatingAdmissionWebhook and ValidatingAdmissionWebhook are enabled' }
    : {
        check,
        state: 'unknown',
        message,
        because: `the metrics of the API server do not mention ${silent.join(', ')}; --disable-admission-plugins may name it`
      }
}

function missingOf(names: readonly string[], list: LiveObject | undefined): string[] {
  const found = listOf(list?.['resources']).map((resource) => recordOf(resource)['name'])

  return names.filter((name) => !found.includes(name))
}

/** Whether the user may do one thing that the installation requires. */
export interface InstallRight {
  /** The arguments for `kubectl auth can-i`. */
  readonly right: string
  readonly isAllowed: Reading<boolean>
}

/** Whether the user may install irsa-guard. */
export function judgePermissions(
  rights: readonly InstallRight[],
  { kubectl }: Pick<Installation, 'kubectl'>
): Check {
  const check = 'permissions'
  const refused = rights.filter(({ isAllowed }) => isAllowed.state === 'known' && !isAllowed.value)
  const [first] = refused
  if (first !== undefined) {
    const shown = refused.slice(0, 3).map(({ right }) => right)
    const more = refused.length > 3 ? ` and ${refused.length - 3} more` : ''
    return {
      check,
      state: 'wrong',
      message: `you may not: ${shown.join('; ')}${more}`,
      because: 'installing requires cluster-admin permissions',
      fix: `${kubectl} auth can-i ${first.right}`
    }
  }
  const unread = rights.find(({ isAllowed }) => isAllowed.state === 'unknown')

  return unread?.isAllowed.state === 'unknown'
    ? {
        check,
        state: 'unknown',
        message: 'your permissions could not be checked',
        because: unread.isAllowed.because
      }
    : { check, state: 'ok', message: `you may create and change every kind of object in manifests/` }
}

const podSecurity = 'pod-security.kubernetes.io/enforce'

/** The namespaces that the installation creates or takes over, and the pod security standard that they enforce. */
export function judgeNamespaces(
  readings: readonly { readonly name: string; readonly live: Reading<LiveObject | undefined> }[],
  { kubectl }: Pick<Installation, 'kubectl'>
): Check {
  const check = 'namespaces'
  const terminating = readings.filter(
    ({ live }) =>
      live.state === 'known' && recordOf(live.value?.['metadata'])['deletionTimestamp'] !== undefined
  )
  if (terminating.length > 0) {
    const names = terminating.map(({ name }) => name)
    return {
      check,
      state: 'wrong',
      message: `${names.join(', ')} is being deleted`,
      because: 'nothing can be created in it until it is gone',
      fix: `${kubectl} wait --for=delete namespace/${names.join(' namespace/')} --timeout=120s`
    }
  }
  const [unread] = readings.flatMap(({ live }) => (live.state === 'unknown' ? [live.because] : []))
  if (unread !== undefined)
    return { check, state: 'unknown', message: 'the namespaces could not be read', because: unread }

  const texts = readings.map(({ name, live }) => {
    const found = live.state === 'known' ? live.value : undefined
    if (found === undefined) return `${name} will be created, with pod security restricted`
    const level = textOf(recordOf(recordOf(found['metadata'])['labels'])[podSecurity])
    return `${name} exists, with ${level === undefined ? 'no pod security label' : `pod security ${level}`}`
  })

  return { check, state: 'ok', message: texts.join('; ') }
}

/**
 * What an earlier installation left behind. `shipped` lists the objects of this version, each with the object of
 * that name in the cluster. `others` lists the cluster-wide objects that have irsa-guard's label but are not part
 * of this version.
 */
export function judgeLeftovers(
  shipped: readonly { readonly object: LiveObject; readonly live: Reading<LiveObject | undefined> }[],
  others: Reading<readonly LiveObject[]>,
  { kubectl }: Pick<Installation, 'kubectl'>
): Check {
  const check = 'leftovers'
  const old = others.state === 'known' ? others.value : []
  if (old.length > 0) {
    return {
      check,
      state: 'unknown',
      message: `not part of irsa-guard ${version}: ${old.map(titleOf).join(', ')}`,
      because:
        'an older version, or someone else, created it with the label app.kubernetes.io/part-of=irsa-guard; it is still in effect',
      fix: `${kubectl} get ${old.map((object) => shellQuote(`${kindOf(object).toLowerCase()}/${nameOf(object)}`)).join(' ')}`
    }
  }
  const deleted = shipped.filter(
    ({ live }) =>
      live.state === 'known' && recordOf(live.value?.['metadata'])['deletionTimestamp'] !== undefined
  )
  if (deleted.length > 0) {
    const names = deleted.map(({ object }) => titleOf(object)).join(', ')
    return {
      check,
      state: 'wrong',
      message: `being deleted: ${names}`,
      because: 'applying now would be undone'
    }
  }
  const [unread] = [...shipped.map(({ live }) => live), others].flatMap((live) =>
    live.state === 'unknown' ? [live.because] : []
  )
  if (unread !== undefined)
    return { check, state: 'unknown', message: 'some objects could not be read', because: unread }

  const found = shipped.filter(({ live }) => live.state === 'known' && live.value !== undefined)
  if (found.length === 0) return { check, state: 'ok', message: 'irsa-guard is not installed' }
  const shown = found.slice(0, 3).map(({ object }) => titleOf(object))
  const names = `${shown.join(', ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}`

  return {
    check,
    state: 'ok',
    message:
      found.length === shipped.length
        ? 'irsa-guard is installed already; applying upgrades it'
        : `${found.length} of ${shipped.length} objects exist already (${names}); applying takes them over`
  }
}

/** Whether the API server can reach a webhook in the cluster: only an actual call can show this. */
export function judgeNetworkPath(selfTest: Check | undefined): Check {
  const check = 'network-path'
  if (selfTest?.state === 'ok')
    return { check, state: 'ok', message: 'the API server already calls irsa-guard' }

  return {
    check,
    state: 'unknown',
    message: 'it is unknown whether the control plane reaches pods on port 9443',
    because:
      'irsa-guard does not answer yet, and only a call to it can show this; after installing, run: irsa-guard status'
  }
}
