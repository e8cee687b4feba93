import { Agent, request } from 'node:https'
import { text as readStream } from 'node:stream/consumers'
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  type IAMClientConfig,
  UpdateAssumeRolePolicyCommand
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import t from 'tap'
import { evaluateTrust } from '../../src/library/index.js'
import { startGuard } from '../control-plane/guard.ts'
import { startMoto } from '../control-plane/moto.ts'
import { type ControlPlane, startControlPlane } from '../control-plane/start.ts'
import { waitFor } from '../control-plane/wait.ts'
import { startFakeIam } from '../support/fake-iam.js'
import { forwardToMoto } from '../support/moto-proxy.js'
import { asks, host, issuer, policy, statement } from '../support/trust.js'

const own = '123456789012' // moto's own
const configured = '444455556666'
const stranger = '999988887777'
const arnOf = (role: string, account = own): string => `arn:aws:iam::${account}:role/${role}`
const reader = 'irsa-guard-reader'

/** A trust policy for one service account of this cluster. */
const trusting = (subject: string, account = own): object =>
  policy(
    statement({
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
      Condition: asks({ sub: subject })
    })
  )

const serviceAccount = (name: string, role: string, namespace = 'default'): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, annotations: { 'eks.amazonaws.com/role-arn': role } }
})

t.test('the guard asks a real IAM API', async (t) => {
  const [controlPlane, moto] = await Promise.all([startControlPlane(), startMoto()])
  t.teardown(() => moto.stop())
  t.teardown(() => controlPlane.stop())

  let mode: 'pass' | 'hang' | 'reset' = 'pass'
  const asked: string[] = []
  const proxy = await startFakeIam(async (request) => {
    asked.push(`${request.action} ${request.parameters.get('RoleName') ?? ''}`.trim())
    return mode === 'pass' ? forwardToMoto(moto.url, request) : mode
  })
  t.teardown(() => proxy.close())

  const base: IAMClientConfig = {
    endpoint: moto.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'admin', secretAccessKey: 's' }
  }
  const iam = new IAMClient(base)
  const other = new IAMClient({ ...base, credentials: await credentialsOf(base, configured) })
  const provider = new CreateOpenIDConnectProviderCommand({
    Url: issuer,
    ClientIDList: ['sts.amazonaws.com'],
    ThumbprintList: ['a'.repeat(40)]
  })
  const createRole = (client: IAMClient, name: string, trust: object, path = '/'): Promise<unknown> =>
    client.send(
      new CreateRoleCommand({ RoleName: name, Path: path, AssumeRolePolicyDocument: JSON.stringify(trust) })
    )
  await Promise.all([iam.send(provider), other.send(provider)])
  await createRole(iam, 'cart', trusting('system:serviceaccount:default:cart'), '/team/')
  await createRole(iam, 'web', trusting('system:serviceaccount:billing:web'))
  await createRole(iam, 'late', trusting('system:serviceaccount:default:late'))
  await createRole(
    iam,
    'many',
    policy(
      statement({
        Principal: { Federated: `arn:aws:iam::${own}:oidc-provider/${host}` },
        Condition: {
          StringLike: { [`${host}:sub`]: 'system:serviceaccount:default:*' },
          ...asks({ sub: undefined })
        }
      })
    )
  )
  await createRole(other, reader, policy())
  await createRole(other, 'reports', trusting('system:serviceaccount:default:reports', configured))

  const guard = await startGuard(controlPlane, {
    config: { iam: { accounts: [{ account: configured, roleArn: arnOf(reader, configured) }] } },
    env: {
      AWS_ENDPOINT_URL: proxy.url,
      AWS_ACCESS_KEY_ID: 'AKIAOWN',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_REGION: 'us-east-1'
    }
  })
  t.teardown(() => guard.stop())
  const apply = (name: string, role: string) =>
    controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(serviceAccount(name, role)))
  const validate = await buildValidate(controlPlane)
  /** Asks the guard itself, as an API server would: thousands of dry-run creates, so many at once. */
  const validateAll = async (accounts: Iterator<object>, atOnce: number): Promise<Set<Outcome>> => {
    const answers = new Set<Outcome>()
    const worker = async (): Promise<void> => {
      for (let next = accounts.next(); next.done !== true; next = accounts.next())
        answers.add(await validate(next.value))
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    return answers
  }

  await t.test(
    'accepts a role that is there and trusts the account, warns about one that is not',
    async (t) => {
      t.match(await apply('cart', arnOf('team/cart')), { code: 0, stderr: /^$/ })
      t.match(await apply('early', arnOf('gone')), {
        code: 0,
        stderr: /^Warning: role-missing: role arn:aws:iam::\d+:role\/gone does not exist\n/
      })
      t.match(await apply('cart', arnOf('cart')), {
        code: 0,
        stderr:
          /^Warning: role-path-mismatch: role arn:aws:iam::\d+:role\/cart does not exist; the role with this name is arn:aws:iam::\d+:role\/team\/cart\n/
      })
    }
  )

  await t.test('reads another account only with a role for it', async (t) => {
    t.match(await apply('reports', arnOf('reports', configured)), { code: 0, stderr: /^$/ })
    t.match(await apply('early', arnOf('gone', configured)), { code: 0, stderr: /^Warning: role-missing: / })
    t.match(await apply('strange', arnOf('reports', stranger)), {
      code: 0,
      stderr:
        /^Warning: not checked: role-missing.*: account 999988887777 differs from that of irsa-guard's credentials \(123456789012\), and the config names no role/
    })
    t.match(asked, [/./], 'it went through the proxy')
  })

  await t.test('denies what the role does not trust, until the suggested policy is there', async (t) => {
    const denied = await apply('web', arnOf('web'))
    t.match(denied, { code: 1 })
    t.equal(
      denied.stderr.replace(/read \d s ago/, 'read N s ago'),
      `Error from server (Forbidden): error when creating "STDIN": admission webhook "validate.irsa-guard.io" denied the request: service account default/web: trust-subject-mismatch: role web does not trust system:serviceaccount:default:web: in its statement 1, StringEquals "${host}:sub" requires a service account in another namespace, but the token has "system:serviceaccount:default:web"
  fix: add "system:serviceaccount:default:web" to that condition, or point the annotation at a role for this service account
IAM was read N s ago; changes can take up to two minutes to appear
`
    )
    const { suggested } = evaluateTrust({
      document: trusting('system:serviceaccount:billing:web'),
      roleAccount: own,
      issuer,
      namespace: 'default',
      serviceAccount: 'web',
      audience: 'sts.amazonaws.com'
    })
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'web', PolicyDocument: JSON.stringify(suggested) })
    )
    const changed = Date.now()
    await waitFor('an apply that passes', async () => (await apply('web', arnOf('web'))).code === 0, 20_000)
    const seconds = (Date.now() - changed) / 1000
    t.comment(`the same apply passed ${seconds.toFixed(1)} s after the policy was changed`)
  })

  await t.test('reads the role of 5,000 service accounts once', async (t) => {
    const metric = async (): Promise<number> =>
      Number(
        /^irsa_guard_iam_requests_total\{operation="GetRole",result="found"\} (\d+)/m.exec(
          await (await fetch(`${guard.serveHealth}/metrics`)).text()
        )?.[1] ?? 0
      )
    const before = await metric()
    const accounts = Array.from({ length: 5000 }, (_, index) =>
      serviceAccount(`many-${index}`, arnOf('many'))
    )
    const started = Date.now()
    const answers = await validateAll(accounts.values(), 40)
    t.strictSame(answers, new Set(['allowed']))
    t.comment(`5,000 service accounts in ${((Date.now() - started) / 1000).toFixed(1)} s`)
    t.equal(asked.filter((each) => each === 'GetRole many').length, 1)
    t.equal((await metric()) - before, 1)
  })

  await t.test('5,000 invented roles in one namespace do not starve another', async (t) => {
    t.match(await controlPlane.kubectl(['create', 'namespace', 'greedy']), { code: 0 })
    let isAnswered = false
    function* invented(): Iterator<object> {
      for (let index = 0; index < 5000 || !isAnswered; index++)
        yield serviceAccount(`a-${index}`, arnOf(`invented-${index}`), 'greedy')
    }
    const [before, started] = [asked.length, Date.now()]
    const flood = validateAll(invented(), 300)
    await waitFor(
      'the flood',
      async () => asked.filter((each) => each.startsWith('GetRole invented-')).length > 5
    )
    const asks = asked.length
    await waitFor('a real role gets its answer', async () => {
      const answers = await validateAll([serviceAccount('late', arnOf('late'))].values(), 1)
      t.notOk(answers.has('denied'))
      return asked.includes('GetRole late')
    })
    isAnswered = true
    const passed = asked.indexOf('GetRole late') - asks
    t.ok(passed < 50, `${passed} of thousands of invented roles were read before the real one`)
    const answered = (Date.now() - started) / 1000
    t.notOk((await flood).has('denied'), 'nobody is denied')
    const [spent, seconds] = [asked.length - before, (Date.now() - started) / 1000]
    t.comment(
      `answered after ${answered.toFixed(1)} s; ${spent} requests in the ${seconds.toFixed(1)} s of the flood`
    )
    t.ok(spent <= 5 * seconds + 6, `${spent} requests in ${seconds} s`)
  })

  await t.test('without IAM, mistakes in the object itself are still denied, and no one waits', async (t) => {
    for (const trouble of ['hang', 'reset'] as const) {
      mode = trouble
      t.match(
        await apply('bad', `arn:aws:iam::${own}:policy/cart`),
        { code: 1, stderr: /role-arn-malformed/ },
        trouble
      )
      const started = Date.now()
      const { code, stderr } = await apply('unread', arnOf(`unread-${trouble}`))
      const seconds = (Date.now() - started) / 1000
      t.comment(`${trouble}: answered after ${seconds.toFixed(1)} s`)
      t.match({ code, stderr }, { code: 0, stderr: /^Warning: not checked: role-missing.*: / }, trouble)
    }
  })
})

/** In moto, who assumes a role of another account acts there. */
async function credentialsOf({ endpoint, region, credentials }: IAMClientConfig, account: string) {
  const sts = new STSClient({
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(credentials && { credentials })
  })
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: arnOf('admin', account), RoleSessionName: 'test' })
  )
  if (given === undefined) throw new Error('moto gave no credentials')

  return {
    accessKeyId: given.AccessKeyId ?? '',
    secretAccessKey: given.SecretAccessKey ?? '',
    sessionToken: given.SessionToken ?? ''
  }
}

type Outcome = 'allowed' | 'not checked' | 'denied'

/** Sends a service account to the guard's own port. */
async function buildValidate(controlPlane: ControlPlane): Promise<(object: object) => Promise<Outcome>> {
  const { stdout } = await controlPlane.kubectl([
    'get',
    'validatingwebhookconfiguration',
    'irsa-guard',
    '-o',
    'json'
  ])
  const { webhooks } = JSON.parse(stdout) as {
    webhooks: [{ clientConfig: { url: string; caBundle: string } }]
  } // as startGuard registers it
  const { url, caBundle } = webhooks[0].clientConfig
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(caBundle, 'base64') })
  t.teardown(() => agent.destroy())

  return async (object) => {
    const { namespace } = (object as { metadata: { namespace: string } }).metadata // made by serviceAccount above
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: '1',
        operation: 'CREATE',
        kind: { group: '', version: 'v1', kind: 'ServiceAccount' },
        namespace,
        userInfo: { username: 'tenant' },
        dryRun: true,
        object
      }
    }
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = request(
        url,
        { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
        (response) => {
          readStream(response).then(resolve, reject)
        }
      )
      sent.on('error', reject).end(JSON.stringify(review))
    })

    const { allowed, warnings = [] } = (
      JSON.parse(answer) as { response: { allowed: boolean; warnings?: string[] } }
    ).response
    if (!allowed) return 'denied'

    return warnings.some((warning) => warning.startsWith('not checked')) ? 'not checked' : 'allowed'
  }
}
