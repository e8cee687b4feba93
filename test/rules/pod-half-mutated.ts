import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import {
  accountFacts,
  agentContainer,
  agentEnv,
  agentVolume,
  associatedFacts,
  fileEnv,
  injectedContainer,
  injectedPod,
  mountPath,
  podOf,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const volumes = [tokenVolume]
const containerPod = (container: object, more: object[] = volumes): object =>
  podOf({ containers: [{ name: 'app', ...container }], volumes: more })
const withAgent = (...env: readonly object[]): object => {
  const container = agentContainer('app')
  return { ...container, env: [...env, ...container.env] }
}
const enforced = accountFacts({}, { podsEnforced: true })
const otherAgent = {
  ...defaultIdentityWebhook.containerCredentials,
  uri: 'http://localhost:8080/v1',
  volume: 'agent'
}

export const cases: readonly Case[] = [
  { why: 'completely mutated', object: injectedPod('app', 'proxy'), facts: enforced },
  { why: 'not mutated at all: another rule reports it', object: podOf(), facts: enforced },
  {
    why: 'one of two containers',
    object: podOf({ containers: [injectedContainer('app'), { name: 'proxy' }], volumes }),
    facts: enforced,
    field: 'spec.containers[1]',
    message:
      /^container proxy got no credentials for role .*cart, although other containers did: most likely it was injected after the identity webhook ran$/,
    fix: /^if proxy should have the role, set reinvocationPolicy: IfNeeded on the identity webhook, or rename .* sorts before .*; if not, add proxy to the pod annotation eks\.amazonaws\.com\/skip-containers$/
  },
  {
    why: 'a sidecar at the front, with a copy of the mounts of another container',
    object: podOf({
      containers: [{ name: 'vault-agent', volumeMounts: [tokenMount] }, injectedContainer('app')],
      volumes
    }),
    facts: enforced,
    field: 'spec.containers[0]',
    message: /^container vault-agent got no credentials .*most likely it was injected/
  },
  {
    why: 'a native sidecar and its init container: one finding',
    object: podOf({
      initContainers: [{ name: 'istio-proxy', restartPolicy: 'Always' }, { name: 'istio-init' }],
      containers: [injectedContainer('app')],
      volumes
    }),
    facts: enforced,
    field: 'spec.initContainers[0]',
    message: /^containers istio-proxy, istio-init got no credentials .*most likely they were injected/
  },
  {
    why: 'a sidecar, in a running cluster',
    stage: 'running',
    object: podOf({ containers: [injectedContainer('app'), { name: 'proxy' }], volumes }),
    facts: enforced,
    message: /most likely/
  },
  {
    why: 'the sidecar is named as one to skip',
    object: podOf(
      { containers: [injectedContainer('app'), { name: 'proxy' }], volumes },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy' } }
    ),
    facts: enforced
  },
  {
    why: 'half a mutation beside a sidecar: only the former is denied',
    object: podOf({
      containers: [
        injectedContainer('app'),
        { name: 'half', env: [roleEnv], volumeMounts: [tokenMount] },
        { name: 'proxy' }
      ],
      volumes
    }),
    facts: enforced,
    severity: 'error',
    count: 2,
    message: /^container half lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'no container is complete, so the identity webhook did not run at all',
    object: podOf({
      containers: [{ name: 'proxy' }, { name: 'app', env: [fileEnv], volumeMounts: [tokenMount] }],
      volumes
    }),
    facts: enforced,
    severity: 'error',
    count: 2,
    message: /^container app lacks AWS_ROLE_ARN/
  },
  {
    why: 'an init container too',
    object: podOf({ initContainers: [{ name: 'wait' }], containers: [injectedContainer('app')], volumes }),
    facts: accountFacts(),
    field: 'spec.initContainers[0]',
    message: /container wait got no credentials/
  },
  {
    why: 'only the role',
    object: containerPod({ env: [roleEnv], volumeMounts: [tokenMount] }),
    facts: enforced,
    severity: 'error',
    field: 'spec.containers[0].env[0]',
    message: /lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'only the file',
    object: containerPod({ env: [{ name: 'A', value: 'b' }, fileEnv], volumeMounts: [tokenMount] }),
    facts: accountFacts(),
    field: 'spec.containers[0].env[1]',
    message: /lacks AWS_ROLE_ARN/
  },
  {
    why: 'only the mount: another rule reports it',
    object: containerPod({ volumeMounts: [tokenMount] }),
    facts: accountFacts()
  },
  {
    why: 'empty role',
    object: containerPod({ env: [{ name: 'AWS_ROLE_ARN' }, fileEnv], volumeMounts: [tokenMount] }),
    facts: accountFacts(),
    message: /an empty AWS_ROLE_ARN/
  },
  {
    why: 'empty file',
    object: containerPod({ env: [roleEnv, { ...fileEnv, value: '' }], volumeMounts: [tokenMount] }),
    facts: accountFacts(),
    message: /an empty AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'the last of two variables with the same name counts',
    object: containerPod({ env: [roleEnv, fileEnv, { ...fileEnv, value: '' }], volumeMounts: [tokenMount] }),
    facts: accountFacts(),
    message: /an empty/
  },
  {
    why: 'no mount',
    object: containerPod({ env: [roleEnv, fileEnv] }),
    facts: enforced,
    severity: 'error',
    message: /no volume mount at .*serviceaccount\/token/
  },
  {
    why: 'a mount next to the path',
    object: containerPod({
      env: [roleEnv, fileEnv],
      volumeMounts: [{ ...tokenMount, mountPath: `${mountPath}s` }]
    }),
    facts: accountFacts(),
    message: /no volume mount at/
  },
  {
    why: 'the mounted volume does not exist',
    object: containerPod({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, []),
    facts: accountFacts(),
    message: /mounts the volume aws-iam-token, which the pod does not define/
  },
  {
    why: 'the volume contains no token',
    object: containerPod({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [
      { name: 'aws-iam-token', hostPath: { path: '/x' } }
    ]),
    facts: enforced,
    severity: 'error',
    field: 'spec.volumes[0]',
    message:
      /expects the service account token "token" in the volume aws-iam-token, which does not contain it/
  },
  {
    why: 'the token has a different path',
    object: containerPod({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [
      {
        name: 'aws-iam-token',
        projected: { sources: [{ serviceAccountToken: { audience: 'sts.amazonaws.com', path: 'jwt' } }] }
      }
    ]),
    facts: accountFacts(),
    message: /expects the service account token "token"/
  },
  {
    why: 'the token is mounted by subPath',
    object: containerPod({
      env: [roleEnv, fileEnv],
      volumeMounts: [{ ...tokenMount, mountPath: `${mountPath}/token`, subPath: 'token' }]
    }),
    facts: enforced
  },
  {
    why: 'a Windows path',
    object: containerPod({
      env: [roleEnv, { ...fileEnv, value: `C:${mountPath.replaceAll('/', '\\')}\\token` }],
      volumeMounts: [tokenMount]
    }),
    facts: enforced
  },
  {
    why: 'a custom path in a volume of unknown content',
    object: containerPod(
      {
        env: [roleEnv, { ...fileEnv, value: '/vault/token' }],
        volumeMounts: [{ name: 'vault', mountPath: '/vault' }]
      },
      [{ name: 'vault', emptyDir: {} }]
    ),
    facts: enforced
  },
  {
    why: 'a custom path that is not mounted: never denied',
    object: containerPod({ env: [roleEnv, { ...fileEnv, value: '/vault/token' }] }),
    facts: enforced,
    message: /no volume mount at "\/vault\/token"/
  },
  {
    why: 'the deepest mount contains the file',
    object: containerPod(
      { env: [roleEnv, fileEnv], volumeMounts: [{ name: 'all', mountPath: '/var' }, tokenMount] },
      [{ name: 'all', emptyDir: {} }, tokenVolume]
    ),
    facts: enforced
  },
  {
    why: 'the file is known only at run time',
    object: containerPod({ env: [roleEnv, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', valueFrom: {} }] }),
    facts: enforced
  },
  {
    why: 'the file is known only at run time, by reference',
    object: containerPod({ env: [roleEnv, { ...fileEnv, value: '$(DIR)/token' }] }),
    facts: enforced
  },
  {
    why: 'deliberately skipped',
    object: podOf(
      { containers: [injectedContainer('app'), { name: 'proxy' }], volumes },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'proxy' } }
    ),
    facts: enforced
  },
  {
    why: 'EKS Pod Identity',
    object: podOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: enforced
  },
  {
    why: 'EKS Pod Identity without its variable: never denied',
    object: podOf({ containers: [{ name: 'app', env: [agentEnv] }] }),
    facts: enforced,
    message: /^container app lacks AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/
  },
  {
    why: 'EKS Pod Identity without its volume: never denied',
    object: podOf({ containers: [agentContainer('app')] }),
    facts: enforced,
    message: /mounts the volume eks-pod-identity-token, which/
  },
  {
    why: 'one container on EKS Pod Identity: never denied',
    object: podOf({ containers: [agentContainer('app'), { name: 'proxy' }], volumes: [agentVolume] }),
    facts: enforced,
    message: /container proxy got no credentials/
  },
  {
    why: 'EKS Pod Identity beside the role of a template, which SDKs ignore without a file',
    object: podOf({ containers: [withAgent(roleEnv)], volumes: [agentVolume] }),
    facts: enforced
  },
  {
    why: 'the same with an empty role and an empty file',
    object: podOf({
      containers: [withAgent({ ...roleEnv, value: '' }, { ...fileEnv, value: '' })],
      volumes: [agentVolume]
    }),
    facts: enforced
  },
  {
    why: 'EKS Pod Identity beside a file without a role, with which some SDKs fail: never denied',
    object: podOf({ containers: [withAgent(fileEnv)], volumes: [agentVolume] }),
    facts: enforced,
    message: /^container app lacks AWS_ROLE_ARN/
  },
  {
    why: 'the volume of EKS Pod Identity: never denied',
    stage: 'running',
    object: podOf({ containers: [{ name: 'app', env: [roleEnv] }], volumes: [agentVolume] }),
    facts: enforced,
    message: /lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'the label of EKS Pod Identity: never denied',
    object: podOf(
      { containers: [{ name: 'app', env: [roleEnv] }] },
      { labels: { 'eks.amazonaws.com/pod-identity': 'enabled' } }
    ),
    facts: enforced,
    message: /lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'an agent at another address, as the identity webhook is told',
    object: podOf({ containers: [agentContainer('app', 'http://localhost:8080/v1')] }),
    facts: accountFacts(
      {},
      {
        podsEnforced: true,
        settings: { containerCredentials: otherAgent }
      }
    ),
    message: /mounts the volume eks-pod-identity-token, which/
  },
  {
    why: 'the volume of an identity webhook that calls it otherwise: never denied',
    object: podOf({
      containers: [{ name: 'app', env: [roleEnv] }],
      volumes: [{ ...agentVolume, name: 'agent' }]
    }),
    facts: accountFacts(
      {},
      {
        podsEnforced: true,
        settings: { containerCredentials: otherAgent }
      }
    ),
    message: /lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  {
    why: 'another endpoint',
    object: podOf({ containers: [{ name: 'app', env: [{ ...agentEnv, value: 'http://localhost/' }] }] }),
    facts: enforced
  },
  {
    why: 'two containers, two findings',
    object: podOf({
      containers: [
        { name: 'a', env: [roleEnv] },
        { name: 'b', env: [fileEnv] }
      ]
    }),
    count: 2,
    facts: accountFacts(),
    message: /container a lacks/
  },
  {
    why: 'ephemeral containers are ignored',
    object: podOf({
      containers: [injectedContainer('app')],
      ephemeralContainers: [{ name: 'debug' }],
      volumes
    }),
    facts: enforced
  },
  {
    why: 'no role requested',
    object: containerPod({ env: [roleEnv] }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  {
    why: 'an association, and container credentials in all containers',
    object: podOf({ containers: [agentContainer('app'), agentContainer('proxy')], volumes: [agentVolume] }),
    facts: associatedFacts({}, { podsEnforced: true })
  },
  {
    why: 'an association, and a container that came later',
    object: podOf({ containers: [agentContainer('app'), { name: 'proxy' }], volumes: [agentVolume] }),
    facts: associatedFacts({}, { podsEnforced: true }),
    message: /^container proxy got no credentials for the role of its EKS Pod Identity association, although/
  },
  {
    why: 'an association that the identity webhook may not know yet',
    object: podOf({ containers: [{ name: 'app', env: [agentEnv] }] }),
    facts: associatedFacts({ since: new Date('2026-11-23T23:59:30Z') })
  },
  {
    why: 'an association, and only one of the variables, set by the template',
    object: podOf({ containers: [{ name: 'app', env: [agentEnv] }], volumes: [agentVolume] }),
    facts: associatedFacts({}, { podsEnforced: true }),
    message:
      /^container app lacks AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, so it cannot use the role of its EKS/,
    fix: /^remove AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the volume eks-pod-identity-token/
  },
  {
    why: 'an association, and an empty variable',
    object: podOf({ containers: [{ name: 'app', env: [{ ...agentEnv, value: '' }] }] }),
    facts: associatedFacts({}, { podsEnforced: true }),
    message: /has an empty AWS_CONTAINER_CREDENTIALS_FULL_URI/
  },
  {
    why: 'an association, and only the file',
    object: podOf({ containers: [{ name: 'app', env: agentContainer('app').env.slice(1) }] }),
    facts: associatedFacts({}, { podsEnforced: true }),
    message: /lacks AWS_CONTAINER_CREDENTIALS_FULL_URI/
  },
  {
    why: 'an association, and a volume of that name without the token',
    object: podOf({
      containers: [agentContainer('app')],
      volumes: [{ name: 'eks-pod-identity-token', emptyDir: {} }]
    }),
    facts: associatedFacts({}, { podsEnforced: true }),
    message: /expects the service account token "eks-pod-identity-token" in the volume eks-pod-identity-token/
  },
  {
    why: 'an association, and a container without credentials beside one with its own endpoint',
    object: podOf({
      containers: [{ name: 'app', env: [{ ...agentEnv, value: 'http://localhost/own' }] }, { name: 'proxy' }]
    }),
    facts: associatedFacts({}, { podsEnforced: true }),
    severity: 'error',
    message: /^container proxy got no credentials/
  },
  {
    why: 'the same of an add-on: never denied',
    object: podOf({
      containers: [{ name: 'app', env: [{ ...agentEnv, value: 'http://localhost/own' }] }, { name: 'proxy' }]
    }),
    facts: associatedFacts(
      { ownerArn: 'arn:aws:eks:us-east-1:111122223333:addon/a/b/1' },
      { podsEnforced: true }
    ),
    message: /^container proxy got no credentials/
  }
]
