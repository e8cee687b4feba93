import { version } from '../version.js'
import { applyCommand, type Check, type Installation, type LiveObject, type Reading } from './check.js'
import { differencesOf, kindOf, nameOf } from './shipped.js'

/** A shipped policy or binding, and the object of the same name in the cluster. */
export interface PolicyReading {
  readonly shipped: LiveObject
  readonly live: Reading<LiveObject | undefined>
}

// docs/operations.md describes how to remove only this policy.
const optional = 'irsa-guard-identity-webhook-warn'

/** Whether every policy exists, is bound, and has the same content as in this version. */
export function judgePolicies(
  readings: readonly PolicyReading[],
  { runningVersion, ...installation }: Installation & { readonly runningVersion: string | undefined }
): Check {
  const check = 'policies'
  const fix = applyCommand(installation)
  const isAbsent = ({ live }: PolicyReading): boolean => live.state === 'known' && live.value === undefined
  const removed = readings.filter((reading) => isAbsent(reading) && nameOf(reading.shipped) === optional)
  const missing = readings.filter((reading) => isAbsent(reading) && nameOf(reading.shipped) !== optional)
  const changed = readings.flatMap(({ shipped, live }) => {
    const found = live.state === 'known' ? live.value : undefined
    const paths = found === undefined ? [] : differencesOf(shipped['spec'], found['spec'], 'spec')
    return paths.length === 0 ? [] : [`${shortTitleOf(shipped)} differs in ${paths.slice(0, 3).join(', ')}`]
  })
  const faults = missing.map(({ shipped }) => `${shortTitleOf(shipped)} is missing`)
  const because = 'the API server no longer checks everything that it should'
  // Another version may ship other policies.
  const isOther = runningVersion !== undefined && runningVersion !== version
  if (faults.length > 0 || (changed.length > 0 && !isOther))
    return { check, state: 'wrong', message: [...faults, ...changed].join('; '), because, fix }
  if (changed.length > 0) {
    return {
      check,
      state: 'unknown',
      message: changed.join('; '),
      because: `irsa-guard ${runningVersion} runs in the cluster, and this command knows the policies of ${version}`,
      fix: `run the status command of irsa-guard ${runningVersion}`
    }
  }
  const [unread] = readings.flatMap(({ live }) => (live.state === 'unknown' ? [live.because] : []))
  if (unread !== undefined) {
    return {
      check,
      state: 'unknown',
      message: 'the policies could not be read',
      because: unread,
      fix: `${installation.kubectl} auth can-i get validatingadmissionpolicies.admissionregistration.k8s.io`
    }
  }
  const count = readings.filter(({ shipped }) => kindOf(shipped) === 'ValidatingAdmissionPolicy').length
  const without = removed.length === 0 ? '' : `, without ${optional}, which was removed`

  return {
    check,
    state: 'ok',
    message: `${count} policies and their bindings are those of irsa-guard ${version}${without}`
  }
}

const shortTitleOf = (shipped: LiveObject): string =>
  `${kindOf(shipped) === 'ValidatingAdmissionPolicy' ? 'policy' : 'the binding of policy'} ${nameOf(shipped)}`
