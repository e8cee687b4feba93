import { recordOf, textOf } from '../text/record.js'
import { version } from '../version.js'
import {
  applyCommand,
  type Check,
  type Installation,
  type LiveObject,
  type Reading,
  unreadCheck
} from './check.js'

/** The key of the ConfigMap. */
export const configKey = 'config.yaml'

/** Checks the configuration that both processes read. `parse` throws an error that lists the mistakes. */
export function judgeConfig(
  configMap: Reading<LiveObject | undefined>,
  parse: (text: string) => { readonly mode: string },
  { runningVersion, ...installation }: Installation & { readonly runningVersion: string | undefined }
): Check {
  const check = 'config'
  const { kubectl, namespace } = installation
  const name = 'ConfigMap irsa-guard-config'
  if (configMap.state === 'unknown')
    return unreadCheck(check, `${name} could not be read`, configMap.because, {
      kubectl,
      right: `get configmaps/irsa-guard-config -n ${namespace}`
    })
  const because = 'neither process can start again'
  if (configMap.value === undefined)
    return { check, state: 'wrong', message: `there is no ${name}`, because, fix: applyCommand(installation) }

  const text = textOf(recordOf(configMap.value['data'])[configKey])
  if (text === undefined)
    return {
      check,
      state: 'wrong',
      message: `${name} has no key ${configKey}`,
      because,
      fix: applyCommand(installation)
    }
  try {
    const { mode } = parse(text)
    return { check, state: 'ok', message: `mode ${mode}` }
  } catch (error) {
    const message = error instanceof Error ? error.message.replaceAll('\n', '; ') : String(error)
    // Another version may have other keys.
    return runningVersion !== undefined && runningVersion !== version
      ? {
          check,
          state: 'unknown',
          message,
          because: `irsa-guard ${runningVersion} runs in the cluster; this command is ${version}`
        }
      : {
          check,
          state: 'wrong',
          message,
          because,
          fix: `${kubectl} -n ${namespace} edit configmap irsa-guard-config`
        }
  }
}
