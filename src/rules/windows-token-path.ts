import { containersToMutate, credentialsOf } from '../model/pod-credentials.js'
import { isWindowsSelected } from '../model/pod-mutation.js'
import { variableOf } from '../model/pod.js'
import { podRequestOf } from '../model/role-request.js'
import { defineRule } from './define-rule.js'

/** The pod runs on Windows, but the identity webhook cannot see it, so it injects the token's path as Linux writes it. */
export const windowsTokenPath = defineRule({
  id: 'windows-token-path',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['account', 'identityWebhook'],
  // A runtime class may add the node selector before the identity webhook looks.
  concerns: ({ kind, stage, pod }) =>
    pod.wantsWindows && !isWindowsSelected(pod) && (pod.runtimeClassName === undefined || (kind === 'Pod' && stage !== 'source')),
  check(subject, { account, identityWebhook }) {
    const { pod } = subject
    const isAffected = containersToMutate(pod, identityWebhook).some((container) => {
      const file = variableOf(container, 'AWS_WEB_IDENTITY_TOKEN_FILE')
      return file === undefined ? credentialsOf(pod, container, identityWebhook).kind === 'none' : file.value?.startsWith('/')
    })
    if (podRequestOf(subject, account, identityWebhook) === undefined || !isAffected) return

    return {
      field: `${pod.specField}.nodeSelector`,
      message: 'the pod runs on Windows, but its node selector does not say so: the path of the token will be one of Linux',
      fix: 'add kubernetes.io/os: windows to the nodeSelector; the identity webhook looks at nothing else'
    }
  }
})
