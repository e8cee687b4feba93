import { isWindowsSelected } from '../identity-webhook/mutation.js'
import { variableOf } from '../model/pod.js'
import { defineRule } from './define-rule.js'

export const windowsTokenPath = defineRule({
  id: 'windows-token-path',
  summary:
    'A Windows pod lacks the node selector that the identity webhook checks, so it gets the Linux token path.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole'],
  // A runtime class can add the node selector before the identity webhook sees the pod.
  concerns: ({ kind, stage, pod }) =>
    pod.wantsWindows &&
    !isWindowsSelected(pod) &&
    (pod.runtimeClassName === undefined || (kind === 'Pod' && stage !== 'source')),
  check({ pod }, { podRole: { chain, containers } }) {
    if (chain === 'pod-identity') return // pod-identity-unsupported-node reports it

    const isAffected = containers.some(({ container, credentials }) => {
      const file = variableOf(container, 'AWS_WEB_IDENTITY_TOKEN_FILE')
      return file === undefined ? credentials.kind === 'none' : file.value?.startsWith('/')
    })
    if (!isAffected) return

    return {
      field: `${pod.specField}.nodeSelector`,
      message:
        'the pod runs on Windows, but its nodeSelector does not say so, so it will get the Linux token path',
      fix: 'add kubernetes.io/os: windows to the nodeSelector, the only field that the identity webhook checks'
    }
  }
})
