import {
  accountFacts,
  deploymentOf,
  fileEnv,
  injectedPod,
  mountPath,
  otherRole,
  podOf,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const withApp = (app: object, volumes: object[] = []): object =>
  deploymentOf({ containers: [{ name: 'app', ...app }], volumes })

export const cases: readonly Case[] = [
  { why: 'nothing set', object: deploymentOf(), facts: accountFacts() },
  {
    why: 'role alone',
    object: withApp({ env: [roleEnv] }),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].env[0]',
    message: /^container app lacks AWS_WEB_IDENTITY_TOKEN_FILE after mutation/
  },
  {
    why: 'file alone, in a manifest of a pod',
    stage: 'source',
    object: podOf({ containers: [{ name: 'app', env: [fileEnv] }] }),
    facts: accountFacts(),
    message: /lacks AWS_ROLE_ARN/
  },
  {
    why: 'a mutated pod: other rules judge the outcome',
    object: podOf({ containers: [{ name: 'app', env: [fileEnv] }] }),
    facts: accountFacts()
  },
  {
    why: 'both, the same role: volume and mount follow',
    object: withApp({ env: [roleEnv, fileEnv] }),
    facts: accountFacts()
  },
  {
    why: 'both, and region and STS settings: the identity webhook takes the container for complete, and mounts nothing',
    object: withApp({
      env: [
        roleEnv,
        fileEnv,
        { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' },
        { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'legacy' }
      ]
    }),
    facts: accountFacts(),
    message:
      /^container app has no volume mount at .*serviceaccount\/token", its AWS_WEB_IDENTITY_TOKEN_FILE after mutation/
  },
  {
    why: 'both, another role',
    object: withApp({ env: [{ ...roleEnv, value: otherRole }, fileEnv] }),
    facts: accountFacts(),
    message: /sets role .*search", which overrides .*cart/
  },
  {
    why: 'all by hand',
    object: withApp({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [tokenVolume]),
    facts: accountFacts()
  },
  {
    why: 'the volume is taken',
    object: withApp({}, [{ name: 'aws-iam-token', emptyDir: {} }]),
    facts: accountFacts(),
    field: 'spec.template.spec.volumes[0]',
    message: /no service account token "token" in the volume aws-iam-token/
  },
  {
    why: 'the mount is taken',
    object: withApp({ volumeMounts: [{ name: 'aws-iam-token', mountPath: '/token' }] }),
    facts: accountFacts(),
    message: /has no volume mount at .*serviceaccount\/token"/
  },
  {
    why: 'the place is taken',
    object: withApp({ volumeMounts: [{ name: 'mine', mountPath }] }, [{ name: 'mine', emptyDir: {} }]),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].volumeMounts[0]',
    message: /mounts "mine" at .*, so the API server will reject the pod/
  },
  {
    why: 'Windows',
    object: deploymentOf({
      nodeSelector: { 'kubernetes.io/os': 'windows' },
      containers: [{ name: 'app' }],
      volumes: [tokenVolume]
    }),
    facts: accountFacts()
  },
  {
    why: 'only run time shows the role',
    object: withApp({ env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv] }),
    facts: accountFacts()
  },
  {
    why: 'bypassed',
    object: deploymentOf(
      { containers: [{ name: 'app', env: [roleEnv] }] },
      { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': '' } }
    ),
    facts: accountFacts()
  },
  {
    why: 'no role asked for',
    object: withApp({ env: [roleEnv] }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'already mutated', object: injectedPod('app'), facts: accountFacts() }
]
