import t from 'tap'
import { defaultIdentityWebhook } from '../../src/model/identity-webhook.js'
import { credentialsOf } from '../../src/model/pod-credentials.js'
import { foreseeMutation } from '../../src/model/pod-mutation.js'
import { parsePod } from '../../src/model/pod.js'
import { podOf, role, roleEnv } from '../support/pods.js'

const request = { role, isComposed: false, audience: 'sts.amazonaws.com' }

t.test('foresees what the identity webhook does', async (t) => {
  const kindsAfter = (object: object): string[] => {
    const pod = parsePod(object)
    if (pod === undefined) throw new Error('not a pod')
    const later = foreseeMutation(pod, request, defaultIdentityWebhook)
    return later.containers.map((container) => credentialsOf(later, container, defaultIdentityWebhook).kind)
  }
  t.strictSame(kindsAfter(podOf({ initContainers: [{ name: 'wait' }] })), ['web-identity', 'web-identity'], 'every container')
  t.strictSame(kindsAfter(podOf({ nodeSelector: { 'kubernetes.io/os': 'windows' } })), ['web-identity'], 'Windows')
  t.strictSame(kindsAfter(podOf({ containers: [{ name: 'app', env: [roleEnv] }] })), ['incomplete'], 'a variable that is there')
  t.strictSame(kindsAfter(podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } })), ['none'], 'skipped')
})
