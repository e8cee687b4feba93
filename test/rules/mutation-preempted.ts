import {
  accountFacts,
  agentContainer,
  agentEnv,
  agentVolume,
  associatedFacts,
  deploymentOf,
  fileEnv,
  injectedPod,
  mountPath,
  otherRole,
  podOf,
  role,
  roleEnv,
  tokenMount,
  tokenVolume
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const withApp = (app: object, volumes: object[] = []): object =>
  deploymentOf({ containers: [{ name: 'app', ...app }], volumes })

const volumeOf = (serviceAccountToken: object): object => ({
  name: 'aws-iam-token',
  projected: { sources: [{ serviceAccountToken }] }
})

export const cases: readonly Case[] = [
  { why: 'nothing is set', object: deploymentOf(), facts: accountFacts() },
  {
    why: 'only the role',
    object: withApp({ env: [roleEnv] }),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].env[0]',
    message: /^container app lacks AWS_WEB_IDENTITY_TOKEN_FILE after mutation/
  },
  {
    why: 'only the file, in a pod manifest',
    stage: 'source',
    object: podOf({ containers: [{ name: 'app', env: [fileEnv] }] }),
    facts: accountFacts(),
    message: /lacks AWS_ROLE_ARN/
  },
  {
    why: 'a mutated pod, which other rules judge',
    object: podOf({ containers: [{ name: 'app', env: [fileEnv] }] }),
    facts: accountFacts()
  },
  {
    why: 'both, with the requested role: the identity webhook adds the volume and the mount',
    object: withApp({ env: [roleEnv, fileEnv] }),
    facts: accountFacts()
  },
  {
    why: 'both, and the region and STS settings: the identity webhook considers the container complete and mounts nothing',
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
      /^container app has no volume mount at .*serviceaccount\/token" \(its AWS_WEB_IDENTITY_TOKEN_FILE\) after mutation/
  },
  {
    why: 'both, with a different role',
    object: withApp({ env: [{ ...roleEnv, value: otherRole }, fileEnv] }),
    facts: accountFacts(),
    message: /sets role .*search", which overrides .*cart/
  },
  {
    why: 'everything is set by hand',
    object: withApp({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [tokenVolume]),
    facts: accountFacts()
  },
  {
    why: 'the volume name is taken',
    object: withApp({}, [{ name: 'aws-iam-token', emptyDir: {} }]),
    facts: accountFacts(),
    field: 'spec.template.spec.volumes[0]',
    message:
      /expects the service account token "token" in the volume aws-iam-token, which does not contain it/
  },
  {
    why: 'the volume name is taken by a token of another audience',
    object: withApp({}, [volumeOf({ audience: 'vault', path: 'token' })]),
    facts: accountFacts(),
    field: 'spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken.audience',
    message:
      /^container app uses the token in the template's volume aws-iam-token, which has audience "vault" instead of "sts\.amazonaws\.com", because/
  },
  {
    why: 'the volume name is taken by a token without an audience',
    object: withApp({}, [volumeOf({ path: 'token' })]),
    facts: accountFacts(),
    message: /which has no audience instead of/
  },
  {
    why: 'the template sets the variables as well: another rule reports the token',
    object: withApp({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [
      volumeOf({ audience: 'vault', path: 'token' })
    ]),
    facts: accountFacts()
  },
  {
    why: 'no audience is requested',
    object: withApp({}, [volumeOf({ audience: 'vault', path: 'token' })]),
    facts: accountFacts({ 'eks.amazonaws.com/audience': '' })
  },
  {
    why: 'the volume is mounted elsewhere',
    object: withApp({ volumeMounts: [{ name: 'aws-iam-token', mountPath: '/token' }] }),
    facts: accountFacts(),
    message: /has no volume mount at .*serviceaccount\/token"/
  },
  {
    why: 'the mount path is taken',
    object: withApp({ volumeMounts: [{ name: 'mine', mountPath }] }, [{ name: 'mine', emptyDir: {} }]),
    facts: accountFacts(),
    field: 'spec.template.spec.containers[0].volumeMounts[0]',
    message: /mounts "mine" at .*, so the API server will reject the pod/
  },
  {
    why: 'a custom mount path is taken',
    object: withApp({ volumeMounts: [{ name: 'mine', mountPath: '/tokens' }] }, [
      { name: 'mine', emptyDir: {} }
    ]),
    facts: accountFacts({}, { settings: { mountPath: '/tokens' } }),
    field: 'spec.template.spec.containers[0].volumeMounts[0]',
    message: /mounts "mine" at \/tokens, where the identity webhook mounts its token/
  },
  {
    why: 'a custom mount path: the usual one is free',
    object: withApp({ volumeMounts: [{ name: 'mine', mountPath }] }, [{ name: 'mine', emptyDir: {} }]),
    facts: accountFacts({}, { settings: { mountPath: '/tokens' } })
  },
  {
    why: 'a mount over the token file, below a custom mount path',
    object: withApp({ volumeMounts: [{ name: 'mine', mountPath: '/tokens/token' }] }, [
      {
        name: 'mine',
        projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'jwt' } }] }
      }
    ]),
    facts: accountFacts({}, { settings: { mountPath: '/tokens' } }),
    message: /expects the service account token "" in the volume mine/
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
    why: 'the role is known only at run time',
    object: withApp({ env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv] }),
    facts: accountFacts()
  },
  {
    why: 'bypassed by label',
    object: deploymentOf(
      { containers: [{ name: 'app', env: [roleEnv] }] },
      { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': '' } }
    ),
    facts: accountFacts()
  },
  {
    why: 'no role requested',
    object: withApp({ env: [roleEnv] }),
    facts: accountFacts({ 'eks.amazonaws.com/role-arn': undefined })
  },
  { why: 'already mutated', object: injectedPod('app'), facts: accountFacts() },
  { why: 'an association, and nothing is set', object: deploymentOf(), facts: associatedFacts() },
  {
    why: 'an association, and everything is set by hand',
    object: deploymentOf({ containers: [agentContainer('app')], volumes: [agentVolume] }),
    facts: associatedFacts()
  },
  {
    why: 'an association, and both variables: the identity webhook adds the volume and the mount',
    object: withApp({ env: agentContainer('app').env }),
    facts: associatedFacts()
  },
  {
    why: 'an association, and both variables, region and STS settings: nothing is mounted',
    object: withApp({
      env: [
        ...agentContainer('app').env,
        { name: 'AWS_REGION', value: 'eu-west-1' },
        { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }
      ]
    }),
    facts: associatedFacts(),
    message: /has no volume mount at .*eks-pod-identity-token" .* after mutation/
  },
  {
    why: 'an association, and one variable keeps both away',
    object: withApp({ env: [agentEnv] }),
    facts: associatedFacts(),
    field: 'spec.template.spec.containers[0].env[0]',
    message: /^container app lacks AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE after mutation/,
    fix: /^remove AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the volume eks-pod-identity-token from the template, or delete the association$/
  },
  {
    why: 'an association, and another endpoint',
    object: withApp({ env: [{ ...agentEnv, value: 'http://localhost/own' }] }),
    facts: associatedFacts(),
    message: /sets AWS_CONTAINER_CREDENTIALS_FULL_URI, so AWS SDKs do not ask the EKS Pod Identity Agent/
  },
  {
    why: 'an association, and role and token of the template',
    object: withApp({ env: [roleEnv, fileEnv], volumeMounts: [tokenMount] }, [tokenVolume]),
    facts: associatedFacts({}, { role }),
    field: 'spec.template.spec.containers[0].env[0]',
    message:
      /^container app sets role .*cart", which AWS SDKs use instead of the role of the EKS Pod Identity association$/,
    fix: /^remove AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and the volume with their token from the template, or delete/
  },
  {
    why: 'an association, and a role that is known only at run time',
    object: withApp({ env: [{ name: 'AWS_ROLE_ARN', valueFrom: {} }, fileEnv] }),
    facts: associatedFacts(),
    message: /sets role and token file itself, which/
  },
  {
    why: 'an association, and a role without a token, which AWS SDKs ignore',
    object: withApp({ env: [roleEnv] }),
    facts: associatedFacts({}, { role })
  },
  {
    why: 'an association, and a taken mount path',
    object: withApp(
      {
        volumeMounts: [{ name: 'mine', mountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount' }]
      },
      [{ name: 'mine', emptyDir: {} }]
    ),
    facts: associatedFacts(),
    message: /mounts "mine" at .*, so the API server will reject the pod/,
    fix: /^remove that mount from the template, or delete the association$/
  },
  {
    why: 'an association, and a volume of that name for another audience',
    object: withApp({}, [
      {
        name: 'eks-pod-identity-token',
        projected: {
          sources: [{ serviceAccountToken: { audience: 'vault', path: 'eks-pod-identity-token' } }]
        }
      }
    ]),
    facts: associatedFacts(),
    field: 'spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken.audience',
    message:
      /in the template's volume eks-pod-identity-token, which has audience "vault" instead of "pods\.eks/
  },
  {
    why: 'an association, and a volume of that name for a token without an audience',
    object: withApp({}, [
      {
        name: 'eks-pod-identity-token',
        projected: { sources: [{ serviceAccountToken: { path: 'eks-pod-identity-token' } }] }
      }
    ]),
    facts: associatedFacts(),
    message: /which has no audience instead of/
  }
]
