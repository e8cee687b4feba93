import { DeleteOpenIDConnectProviderCommand, DeleteRoleCommand } from '@aws-sdk/client-iam'
import t, { type Test } from 'tap'
import type { Diagnosis, StepName } from '../../src/diagnosis/diagnosis.js'
import { waitFor } from '../control-plane/wait.ts'
import {
  account,
  agent,
  annotationKey,
  cartRole,
  clusterArn,
  mailRole,
  startDiagnosedCluster
} from '../support/diagnosed-cluster.js'
import { asks } from '../support/trust.js'

const cluster = await startDiagnosedCluster(t.testdir())
const { controlPlane, eks, iam, kubectl, webhook, provider, issuerHost } = cluster
const { cartStatement, mailStatement, mailKeys, trust, createRole, associate, register, template, renew } =
  cluster
await Promise.all([cluster.settled('cart'), cluster.settled('mail')])

const { keys, discovery } = cluster.documents

interface Case {
  /** The Deployment that is diagnosed. */
  readonly of: 'cart' | 'mail'
  /** The first step that is wrong. */
  readonly first: StepName
  readonly rule?: string
  readonly breaks: () => Promise<unknown>
  /** What is left for a person, because the answer is in no command. Without it, the commands fix everything. */
  readonly byHand?: (t: Test) => Promise<unknown>
  /** Whether the commands alone fix the first step; by default, if there are any. */
  readonly isFixed?: boolean
  /** False if the commands cannot work here. */
  readonly isPasted?: boolean
  readonly action?: string
}

const annotate = async (...changes: readonly string[]): Promise<unknown> =>
  kubectl(`annotate serviceaccount cart -n shop --overwrite ${changes.join(' ')}`)
const annotateAnew = async (...changes: readonly string[]): Promise<void> => {
  await annotate(...changes)
  await renew('cart')
}
/** Breaks the registration, and lets the pods come again under it. */
const registerAnew = (change: object) => async (): Promise<void> => {
  await register(change)
  await waitFor('a pod without its role', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', namespace: 'shop' },
      spec: { serviceAccountName: 'cart', containers: [{ name: 'a', image: 'a' }] }
    }
    return !(await kubectl('create --dry-run=server -o json -f -', pod)).stdout.includes('AWS_ROLE_ARN')
  })
  await renew('cart')
}
const otherCa = await controlPlane.createClusterCa()
const bundleOf = (pem: string): string => Buffer.from(pem).toString('base64')
const clientConfig = (change: object): object => ({
  clientConfig: { url: webhook.url, caBundle: bundleOf(controlPlane.clusterCa.certificatePem), ...change }
})
const podRules = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }
const cartCondition = (change: { sub?: string; aud?: string }): Readonly<Record<string, unknown>> => ({
  Condition: asks(change)
})
const env = (name: string, value: string): object => ({
  containers: [
    { name: 'app', image: 'a', env: [{ name, value }] },
    { name: 'proxy', image: 'a' }
  ]
})
const status = async (name: string, patch: object): Promise<unknown> => {
  const pods = await kubectl(
    `get pods -n ${name === 'agent' ? 'kube-system' : 'shop'} -l app=${name} -o name`
  )
  const space = name === 'agent' ? 'kube-system' : 'shop'
  return controlPlane.kubectl([
    'patch',
    pods.stdout.trim(),
    '-n',
    space,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status: patch })
  ])
}

const irsa: Readonly<Record<string, Case>> = {
  'the image cannot be pulled': {
    of: 'cart',
    first: 'pod',
    breaks: async () =>
      status('cart', {
        containerStatuses: [
          {
            name: 'app',
            image: 'a',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { waiting: { reason: 'ImagePullBackOff' } }
          }
        ]
      }),
    byHand: async () => renew('cart')
  },
  'a quota stops every pod': {
    of: 'cart',
    first: 'pod',
    breaks: async () => {
      await kubectl('create quota none --hard=pods=0 -n shop')
      await kubectl('delete pods -n shop --all --wait=false')
      await waitFor('no pod', async () => (await kubectl('get pods -n shop -o name')).stdout === '')
    },
    byHand: async () => {
      await kubectl('delete quota none -n shop')
      await renew('cart')
    }
  },
  'the service account was deleted': {
    of: 'cart',
    first: 'service-account',
    rule: 'service-account-missing',
    breaks: async () => kubectl('delete serviceaccount cart -n shop'),
    byHand: async () => annotateAnew(`${annotationKey}=${cartRole}`)
  },
  'no annotation': {
    of: 'cart',
    first: 'annotation',
    breaks: async () => annotateAnew(`${annotationKey}-`),
    byHand: async () => annotateAnew(`${annotationKey}=${cartRole}`)
  },
  'the annotation was removed, and the pod still runs': {
    of: 'cart',
    first: 'annotation',
    breaks: async () => annotate(`${annotationKey}-`),
    byHand: async () => annotate(`${annotationKey}=${cartRole}`)
  },
  'a misspelt annotation': {
    of: 'cart',
    first: 'annotation',
    rule: 'role-annotation-misspelt',
    breaks: async () => annotateAnew(`${annotationKey}-`, `eks.amazon.com/role-arn=${cartRole}`)
  },
  'the annotation is on the pod template': {
    of: 'cart',
    first: 'annotation',
    rule: 'role-annotation-misplaced',
    breaks: async () => {
      await annotate(`${annotationKey}-`)
      await template('cart', {}, { annotations: { [annotationKey]: cartRole } })
    },
    byHand: async () => template('cart')
  },
  'a space at the end of the ARN': {
    of: 'cart',
    first: 'annotation',
    rule: 'role-arn-malformed',
    breaks: async () => {
      await controlPlane.kubectl([
        'annotate',
        'serviceaccount',
        'cart',
        '-n',
        'shop',
        '--overwrite',
        `${annotationKey}=${cartRole} `
      ])
      await renew('cart')
    }
  },
  'the ARN of a policy': {
    of: 'cart',
    first: 'annotation',
    rule: 'role-arn-malformed',
    breaks: async () => annotateAnew(`${annotationKey}=arn:aws:iam::${account}:policy/cart`),
    byHand: async () => annotateAnew(`${annotationKey}=${cartRole}`)
  },
  'the partition of another region': {
    of: 'cart',
    first: 'annotation',
    rule: 'role-arn-partition-mismatch',
    breaks: async () => annotateAnew(`${annotationKey}=${cartRole.replace('arn:aws:', 'arn:aws-cn:')}`),
    byHand: async () => annotateAnew(`${annotationKey}=${cartRole}`)
  },
  'the identity webhook is not registered': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'identity-webhook-missing',
    breaks: async () => {
      await kubectl('delete mutatingwebhookconfiguration pod-identity-webhook')
      await renew('cart')
    },
    isPasted: cluster.isEksPort,
    byHand: async () => {
      if (cluster.isEksPort) return
      await register()
      await renew('cart')
    }
  },
  'the caBundle of another cluster': {
    of: 'cart',
    first: 'identity-webhook',
    breaks: registerAnew(clientConfig({ caBundle: bundleOf(otherCa.certificatePem) }))
  },
  'no caBundle': {
    of: 'cart',
    first: 'identity-webhook',
    breaks: registerAnew({ clientConfig: { url: webhook.url, caBundle: null } })
  },
  'the identity webhook is called for updates only': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    breaks: registerAnew({ rules: [{ ...podRules, operations: ['UPDATE'] }] })
  },
  'a namespace selector excludes the namespace': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    breaks: registerAnew({ namespaceSelector: { matchLabels: { identity: 'yes' } } })
  },
  'an object selector excludes the pod': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    breaks: registerAnew({ objectSelector: { matchLabels: { identity: 'yes' } } })
  },
  'a match condition excludes the pod': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'identity-webhook-misses-pods',
    breaks: registerAnew({
      matchConditions: [{ name: 'few', expression: "object.metadata.namespace == 'pay'" }]
    })
  },
  'a review version that the identity webhook does not answer': {
    of: 'cart',
    first: 'identity-webhook',
    rule: 'review-version-unsupported',
    breaks: registerAnew({ admissionReviewVersions: ['v1'] }),
    byHand: async () => {
      await register()
      await renew('cart')
    }
  },
  'the identity webhook does not run': {
    of: 'cart',
    first: 'identity-webhook',
    breaks: async () => {
      await webhook.stop()
      await renew('cart')
    },
    byHand: async () => {
      await webhook.start()
      await renew('cart')
    }
  },
  'the identity webhook answers without a patch': {
    of: 'cart',
    first: 'identity-webhook',
    breaks: async () => {
      cluster.setFault('no-patch')
      await renew('cart')
    },
    byHand: async () => {
      cluster.setFault('none')
      await renew('cart')
    }
  },
  'the pod came while the identity webhook was down': {
    of: 'cart',
    first: 'containers',
    rule: 'pod-not-mutated',
    breaks: async () => {
      cluster.setFault('no-patch')
      await renew('cart')
      cluster.setFault('none')
    }
  },
  'one container got nothing': {
    of: 'cart',
    first: 'containers',
    rule: 'pod-half-mutated',
    breaks: async () => {
      cluster.setFault('half')
      await renew('cart')
      cluster.setFault('none')
    }
  },
  'the annotation changed after the pod was created': {
    of: 'cart',
    first: 'containers',
    rule: 'pod-role-mismatch',
    breaks: async () => {
      await createRole('cart-2', [cartStatement()])
      await annotate(`${annotationKey}=arn:aws:iam::${account}:role/cart-2`)
    }
  },
  'the template sets the role alone': {
    of: 'cart',
    first: 'containers',
    breaks: async () => {
      await annotate(`${annotationKey}=${cartRole}`)
      await template('cart', env('AWS_ROLE_ARN', cartRole))
    },
    byHand: async () => template('cart')
  },
  'the template sets access keys': {
    of: 'cart',
    first: 'containers',
    rule: 'static-credentials-shadow-role',
    breaks: async () => {
      const keys = [
        { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' },
        { name: 'AWS_SECRET_ACCESS_KEY', value: 'x' }
      ]
      await template('cart', {
        containers: ['app', 'proxy'].map((name) => ({ name, image: 'a', env: keys }))
      })
    }
  },
  'the label that skips the identity webhook': {
    of: 'cart',
    first: 'containers',
    rule: 'mutation-skipped',
    breaks: async () =>
      template('cart', {}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } })
  },
  'the annotation that skips containers': {
    of: 'cart',
    first: 'containers',
    rule: 'mutation-skipped',
    breaks: async () =>
      template('cart', {}, { annotations: { 'eks.amazonaws.com/skip-containers': 'app,proxy' } })
  },
  'an empty audience': {
    of: 'cart',
    first: 'token',
    breaks: async () => annotateAnew('eks.amazonaws.com/audience=')
  },
  'the issuer publishes other keys': {
    of: 'cart',
    first: 'issuer',
    breaks: async () => void (cluster.documents.keys = { keys: [{ kid: 'other' }] }),
    byHand: async () => void (cluster.documents.keys = keys)
  },
  'the issuer publishes nothing': {
    of: 'cart',
    first: 'issuer',
    breaks: async () => void (cluster.documents.discovery = undefined),
    byHand: async () => void (cluster.documents.discovery = discovery)
  },
  'another audience': {
    of: 'cart',
    first: 'provider',
    rule: 'oidc-client-id-missing',
    breaks: async () => annotateAnew('eks.amazonaws.com/audience=other'),
    byHand: async () => {
      await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
      await cluster.createProvider('sts.amazonaws.com')
      await trust('cart', cartStatement())
      await annotateAnew('eks.amazonaws.com/audience-')
    }
  },
  'no OIDC provider': {
    of: 'cart',
    first: 'provider',
    rule: 'oidc-provider-missing',
    breaks: async () =>
      iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
  },
  'a provider for another audience': {
    of: 'cart',
    first: 'provider',
    rule: 'oidc-client-id-missing',
    breaks: async () => {
      await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
      await cluster.createProvider('other')
    }
  },
  'the role was deleted': {
    of: 'cart',
    first: 'role',
    rule: 'role-missing',
    breaks: async () => {
      await iam.send(new DeleteRoleCommand({ RoleName: 'cart-2' }))
      await iam.send(new DeleteRoleCommand({ RoleName: 'cart' }))
    }
  },
  'the path of the role is missing': {
    of: 'cart',
    first: 'role',
    rule: 'role-path-mismatch',
    breaks: async () => annotateAnew(`${annotationKey}=arn:aws:iam::${account}:role/cart`)
  },
  'the role trusts another namespace': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-subject-mismatch',
    breaks: async () =>
      trust('cart', cartStatement(cartCondition({ sub: 'system:serviceaccount:default:cart' })))
  },
  'a wildcard under StringEquals': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-wildcard-literal',
    breaks: async () => trust('cart', cartStatement(cartCondition({ sub: 'system:serviceaccount:shop:*' })))
  },
  'the role trusts another audience': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-audience-mismatch',
    breaks: async () => trust('cart', cartStatement(cartCondition({ aud: 'sts.amazon.com' })))
  },
  'the role trusts EC2 only': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-action-missing',
    breaks: async () =>
      trust('cart', {
        Effect: 'Allow',
        Principal: { Service: 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole'
      })
  },
  'the role trusts the provider of another cluster': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-provider-mismatch',
    breaks: async () =>
      trust('cart', cartStatement({ Principal: { Federated: `${provider.slice(0, -4)}0000` } }))
  },
  'a condition key with https://': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-condition-key-malformed',
    breaks: async () =>
      trust(
        'cart',
        cartStatement({
          Condition: {
            StringEquals: {
              [`https://${issuerHost}:sub`]: 'system:serviceaccount:shop:cart',
              [`${issuerHost}:aud`]: 'sts.amazonaws.com'
            }
          }
        })
      )
  },
  'a statement that denies': {
    of: 'cart',
    first: 'trust-policy',
    rule: 'trust-explicit-deny',
    breaks: async () =>
      trust('cart', cartStatement(), cartStatement({ Effect: 'Deny', Condition: undefined })),
    byHand: async () => trust('cart', cartStatement())
  },
  'the role may not do it': {
    of: 'cart',
    first: 'permission',
    action: 's3:GetObject',
    breaks: async () => cluster.allow('cart', 's3:ListBucket'),
    byHand: async () => cluster.allow('cart', 's3:GetObject')
  }
}

const podIdentity: Readonly<Record<string, Case>> = {
  'the association was deleted': {
    of: 'mail',
    first: 'association',
    breaks: async () => {
      eks.associations.clear()
      cluster.tellWebhook()
    },
    byHand: async () => associate()
  },
  'the association was deleted, and the annotated role trusts another namespace': {
    of: 'mail',
    first: 'association',
    breaks: async () => {
      await kubectl(`annotate serviceaccount mail -n pay ${annotationKey}=${mailRole}`)
      await trust(
        'mail',
        mailStatement({ Condition: mailKeys({ 'aws:RequestTag/kubernetes-namespace': 'shop' }) })
      )
      eks.associations.clear()
      cluster.tellWebhook()
    },
    byHand: async () => {
      await kubectl(`annotate serviceaccount mail -n pay ${annotationKey}-`)
      eks.associations.clear()
      associate()
    }
  },
  'an association for another service account': {
    of: 'mail',
    first: 'annotation',
    breaks: async () => {
      associate({ serviceAccount: 'mial' })
      await renew('mail')
    },
    byHand: async () => {
      associate()
      await renew('mail')
    }
  },
  'the pod came before the association': {
    of: 'mail',
    first: 'containers',
    rule: 'pod-not-mutated',
    breaks: async () => {
      cluster.tellWebhook([])
      await renew('mail')
      cluster.tellWebhook()
    }
  },
  'the identity webhook does not know the association': {
    of: 'mail',
    first: 'identity-webhook',
    breaks: async () => {
      cluster.tellWebhook([])
      await renew('mail')
    },
    byHand: async () => {
      cluster.tellWebhook()
      await renew('mail')
    }
  },
  'the agent is not installed': {
    of: 'mail',
    first: 'agent',
    rule: 'pod-identity-agent-missing',
    breaks: async () => {
      await kubectl('delete daemonset eks-pod-identity-agent -n kube-system')
      await waitFor(
        'no agent',
        async () => (await kubectl('get pods -n kube-system -l app=agent -o name')).stdout === ''
      )
    },
    isFixed: false,
    byHand: async (t) => {
      t.strictSame(eks.addons, ['eks-pod-identity-agent'], 'the add-on is installed by the printed command')
      await kubectl('apply -f -', agent)
    }
  },
  'the agent on the node is not ready': {
    of: 'mail',
    first: 'agent',
    rule: 'pod-identity-agent-missing',
    breaks: async () => {
      const agents = async (): Promise<string> =>
        (await kubectl('get pods -n kube-system -l app=agent -o jsonpath={.items[*].status.phase}')).stdout
      await waitFor('the agent', async () => (await agents()) === 'Running')
      await status('agent', { conditions: [{ type: 'Ready', status: 'False' }] })
    },
    byHand: async () => status('agent', { conditions: [{ type: 'Ready', status: 'True' }] })
  },
  'the pod is on Fargate': {
    of: 'mail',
    first: 'agent',
    rule: 'pod-identity-unsupported-node',
    breaks: async () => template('mail', { nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' } }),
    byHand: async () => template('mail')
  },
  'a proxy between the pod and the agent': {
    of: 'mail',
    first: 'containers',
    rule: 'pod-identity-proxy',
    breaks: async () => template('mail', env('HTTP_PROXY', 'http://proxy.example:3128')),
    byHand: async () => template('mail')
  },
  'the template sets a web identity of its own': {
    of: 'mail',
    first: 'containers',
    breaks: async () => {
      const identity = [
        { name: 'AWS_ROLE_ARN', value: cartRole },
        {
          name: 'AWS_WEB_IDENTITY_TOKEN_FILE',
          value: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
        }
      ]
      await template('mail', {
        containers: ['app', 'proxy'].map((name) => ({ name, image: 'a', env: identity }))
      })
    },
    byHand: async () => template('mail')
  },
  'the role of the association was deleted': {
    of: 'mail',
    first: 'role',
    rule: 'pod-identity-role-missing',
    breaks: async () => iam.send(new DeleteRoleCommand({ RoleName: 'mail' }))
  },
  'a role that trusts an OIDC provider only': {
    of: 'mail',
    first: 'trust-policy',
    rule: 'pod-identity-principal-missing',
    breaks: async () => trust('mail', cartStatement())
  },
  'the role does not allow sts:TagSession': {
    of: 'mail',
    first: 'trust-policy',
    rule: 'pod-identity-action-missing',
    breaks: async () => trust('mail', mailStatement({ Action: 'sts:AssumeRole' }))
  },
  'the role trusts another namespace': {
    of: 'mail',
    first: 'trust-policy',
    rule: 'pod-identity-tag-mismatch',
    breaks: async () =>
      trust('mail', mailStatement({ Condition: mailKeys({ 'aws:RequestTag/kubernetes-namespace': 'shop' }) }))
  },
  'the role trusts another cluster': {
    of: 'mail',
    first: 'trust-policy',
    rule: 'pod-identity-source-mismatch',
    breaks: async () =>
      trust('mail', mailStatement({ Condition: mailKeys({ 'aws:SourceArn': `${clusterArn}-2` }) }))
  },
  'the target role does not exist': {
    of: 'mail',
    first: 'target-role',
    breaks: async () => {
      const target = `arn:aws:iam::${account}:role/target`
      associate({ targetRoleArn: target, externalId: `us-east-1/${account}/prod/pay/mail` })
    },
    byHand: async () => associate()
  },
  'the target role trusts EKS instead of the first role': {
    of: 'mail',
    first: 'target-role',
    rule: 'pod-identity-target-untrusted',
    breaks: async () => {
      await createRole('target', [mailStatement()])
      const target = `arn:aws:iam::${account}:role/target`
      associate({ targetRoleArn: target, externalId: `us-east-1/${account}/prod/pay/mail` })
    }
  }
}

const stepOf = ({ steps }: Diagnosis, name: StepName | undefined): string | undefined =>
  steps.find(({ step }) => step === name)?.state

/** The diagnosis, as soon as it is as expected, or the last one: changes take a moment to reach the API server. */
async function diagnosisThat(
  is: (diagnosis: Diagnosis) => boolean,
  object: string,
  more: { readonly action?: string } = {}
): Promise<Awaited<ReturnType<typeof cluster.diagnosed>>> {
  let last = await cluster.diagnosed(object, more)
  await waitFor(
    'the expected diagnosis',
    async () => {
      if (is(last.diagnosis)) return true
      last = await cluster.diagnosed(object, more)
      return is(last.diagnosis)
    },
    10_000
  ).catch(() => undefined) // the caller's assertion shows the difference
  return last
}

/** What a diagnosis says, for an assertion that fails. */
const said = ({ steps, fix }: Diagnosis): object => ({
  diagnosis: steps.map(({ step, state, rule, message }) => `${step} ${state} ${rule ?? ''} ${message}`),
  fix
})

/** Runs the printed commands, as printed. */
async function pasteAll(t: Test, { fix }: Diagnosis): Promise<void> {
  for (const command of fix) {
    const { code, text } = await cluster.paste(command)
    t.equal(code, 0, command, { text })
  }
}

for (const object of ['deploy/cart', 'sa/cart', 'deploy/mail', 'sa/mail']) {
  t.test(`${object}: nothing is wrong`, async (t) => {
    const { code, diagnosis } = await diagnosisThat(({ first }) => first === undefined, object)
    t.equal(diagnosis.first, undefined, 'no first', said(diagnosis))
    t.equal(code, 0)
    t.strictSame(diagnosis.fix, [])
    t.equal(diagnosis.chain, object.endsWith('cart') ? 'irsa' : 'pod-identity')
    t.notOk(diagnosis.steps.some(({ state }) => state === 'wrong' || state === 'follows'))
  })
}

for (const [chain, cases] of Object.entries({ irsa, podIdentity })) {
  for (const [
    why,
    { of, first, rule, breaks, byHand, isFixed = true, isPasted = true, action }
  ] of Object.entries(cases)) {
    t.test(`${chain}: ${why}`, async (t) => {
      const more = action === undefined ? {} : { action }
      await breaks()
      const { code, diagnosis } = await diagnosisThat((one) => one.first === first, `deploy/${of}`, more)
      t.equal(diagnosis.first, first, 'the first wrong step', said(diagnosis))
      t.equal(code, 1)
      if (rule !== undefined) t.equal(diagnosis.steps.find(({ step }) => step === first)?.rule, rule)
      t.ok(byHand !== undefined || diagnosis.fix.length > 0, 'it says how to fix it', said(diagnosis))
      t.comment(diagnosis.fix.join('\n'))

      if (isPasted) await pasteAll(t, diagnosis)
      if (diagnosis.fix.length > 0 && isFixed && isPasted) {
        const after = await diagnosisThat((one) => stepOf(one, first) === 'ok', `deploy/${of}`, more)
        t.equal(stepOf(after.diagnosis, first), 'ok', 'the commands fix it', said(after.diagnosis))
      }
      await byHand?.(t)
      const healthy = await diagnosisThat((one) => one.first === undefined, `deploy/${of}`, more)
      t.equal(healthy.diagnosis.first, undefined, 'nothing else is wrong', said(healthy.diagnosis))
      t.equal(healthy.code, 0)
    })
  }
}

t.test('two faults at once: both are named, the earlier one first', async (t) => {
  const table: readonly (readonly [readonly StepName[], Case])[] = [
    [
      ['containers', 'provider'],
      {
        of: 'cart',
        first: 'containers',
        breaks: async () => {
          cluster.setFault('no-patch')
          await renew('cart')
          cluster.setFault('none')
          await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
        }
      }
    ],
    [
      ['identity-webhook', 'trust-policy'],
      {
        of: 'cart',
        first: 'identity-webhook',
        breaks: async () => {
          await registerAnew(clientConfig({ caBundle: bundleOf(otherCa.certificatePem) }))()
          await trust('cart', cartStatement(cartCondition({ sub: 'system:serviceaccount:default:cart' })))
        }
      }
    ],
    [
      ['agent', 'trust-policy'],
      {
        of: 'mail',
        first: 'agent',
        breaks: async () => {
          await template('mail', { nodeSelector: { 'eks.amazonaws.com/compute-type': 'fargate' } })
          await trust('mail', mailStatement({ Action: 'sts:AssumeRole' }))
        },
        byHand: async () => template('mail')
      }
    ]
  ]
  for (const [steps, { of, first, breaks, byHand }] of table) {
    await breaks()
    const { diagnosis } = await diagnosisThat((one) => one.first === first, `deploy/${of}`)
    const wrong = diagnosis.steps.filter(({ state }) => state === 'wrong').map(({ step }) => step)
    t.strictSame(wrong, steps, steps.join(' and '), said(diagnosis))
    await pasteAll(t, diagnosis)
    await byHand?.(t)
    const healthy = await diagnosisThat((one) => one.first === undefined, `deploy/${of}`)
    t.equal(healthy.diagnosis.first, undefined, `${steps.join(' and ')}: fixed`, said(healthy.diagnosis))
  }
})

t.test('a fault that hides another: the second is found once the first is fixed', async (t) => {
  await annotateAnew(`${annotationKey}-`, `eks.amazon.com/role-arn=${cartRole}`)
  await iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: provider }))
  for (const first of ['annotation', 'provider'] as const) {
    const { diagnosis } = await diagnosisThat((one) => one.first === first, 'deploy/cart')
    t.equal(diagnosis.first, first, first, said(diagnosis))
    await pasteAll(t, diagnosis)
  }
  const healthy = await diagnosisThat((one) => one.first === undefined, 'deploy/cart')
  t.equal(healthy.diagnosis.first, undefined, 'fixed', said(healthy.diagnosis))
})
