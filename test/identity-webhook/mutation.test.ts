import t from 'tap'
import { credentialsOf } from '../../src/identity-webhook/credentials.js'
import { foreseeMutation } from '../../src/identity-webhook/mutation.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parsePod } from '../../src/model/pod.js'
import { fileEnv, podOf, role, roleEnv } from '../support/pods.js'

const request = { role, isComposed: false, audience: 'sts.amazonaws.com' }

t.test('foresees what the identity webhook does', async (t) => {
  const kindsAfter = (object: object): string[] => {
    const pod = parsePod(object)
    if (pod === undefined) throw new Error('not a pod')
    const later = foreseeMutation(pod, request, defaultIdentityWebhook)
    return later.containers.map((container) => credentialsOf(later, container, defaultIdentityWebhook).kind)
  }
  t.strictSame(
    kindsAfter(podOf({ initContainers: [{ name: 'wait' }] })),
    ['web-identity', 'web-identity'],
    'every container'
  )
  t.strictSame(
    kindsAfter(podOf({ nodeSelector: { 'kubernetes.io/os': 'windows' } })),
    ['web-identity'],
    'Windows'
  )
  t.strictSame(
    kindsAfter(podOf({ containers: [{ name: 'app', env: [roleEnv] }] })),
    ['incomplete'],
    'a variable that is there'
  )
  const settled = [
    { name: 'AWS_REGION', value: 'eu-west-1' },
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }
  ]
  for (const [env, kind, why] of [
    [[roleEnv, fileEnv], 'web-identity', 'both variables: the mount follows'],
    [
      [roleEnv, fileEnv, ...settled],
      'incomplete',
      'region and STS settings too: taken for complete, without a mount'
    ],
    [settled, 'web-identity', 'region and STS settings alone']
  ] as const) {
    t.strictSame(kindsAfter(podOf({ containers: [{ name: 'app', env }] })), [kind], why)
  }
  t.strictSame(
    kindsAfter(podOf({}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app' } })),
    ['none'],
    'skipped'
  )
})
