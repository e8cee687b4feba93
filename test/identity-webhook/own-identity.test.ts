import t from 'tap'
import { bringsIdentity, ownIdentitiesOf, ownRolesOf } from '../../src/identity-webhook/own-identity.js'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { parsePod, type Pod } from '../../src/model/pod.js'
import {
  agentContainer,
  fileEnv,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'

const request = { role, isComposed: false, audience: 'sts.amazonaws.com' }
const podWith = (container: object, volumes: object[] = [tokenVolume]): Pod => {
  const pod = parsePod(podOf({ containers: [{ name: 'proxy' }, { name: 'app', ...container }], volumes }))
  if (pod === undefined) throw new Error('not a pod')
  return pod
}
const complete = { env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }
const other = { env: [{ ...roleEnv, value: otherRole }, fileEnv] }

t.test('finds the identities that a template brings along', async (t) => {
  const found = (pod: Pod, requested?: typeof request): unknown[] =>
    ownIdentitiesOf(pod, requested, defaultIdentityWebhook).map(({ container, role, token }) => [
      container,
      role.value,
      token?.audience
    ])
  t.strictSame(found(podWith(complete)), [['app', role, 'sts.amazonaws.com']])
  t.strictSame(found(podWith(complete), request), [], 'the role that the account requests, too')
  t.strictSame(
    found(podWith(other, []), request),
    [['app', otherRole, 'sts.amazonaws.com']],
    'another role, with the token of the identity webhook'
  )
  t.strictSame(found(podWith(other, [])), [], 'no token without the identity webhook')
  t.strictSame(
    found(podWith({ ...complete, env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv] }), request),
    [['app', undefined, 'sts.amazonaws.com']],
    'a role that is known only at run time'
  )
  t.strictSame(
    found(
      podWith(
        { env: [roleEnv, { ...fileEnv, value: '/x/token' }], volumeMounts: [{ name: 'x', mountPath: '/x' }] },
        [{ name: 'x', emptyDir: {} }]
      )
    ),
    [['app', role, undefined]],
    'a token that is known only at run time'
  )
  for (const container of [{}, { env: [roleEnv] }, { env: [fileEnv] }, agentContainer('app')])
    t.strictSame(found(podWith(container)), [])
})

t.test('lists the roles that a template sets with a token file', async (t) => {
  t.strictSame(ownRolesOf(podWith(complete)), [role])
  t.strictSame(ownRolesOf(podWith({ env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv] })), [undefined])
  t.strictSame(ownRolesOf(podWith({ env: [roleEnv] })), [])
  t.equal(bringsIdentity(podWith(complete)), true)
  t.equal(bringsIdentity(podWith({ env: [roleEnv] })), false)
})
