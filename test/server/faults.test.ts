// What happens around `serve`: its log cannot be written, clients talk nonsense, AWS is in trouble. The table in
// docs/reliability.md names these tests.
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { waitFor } from '../control-plane/wait.ts'
import { eksAssociation, eksError, type EksReply, startFakeEks } from '../support/fake-eks.js'
import {
  absentReply,
  errorReply,
  type IamReply,
  identityReply,
  providerReply,
  roleReply,
  startFakeIam
} from '../support/fake-iam.js'
import {
  accountReviewOf,
  postReview,
  type ServeProcess,
  startServeProcess
} from '../support/serve-process.js'

const account = '111122223333'
const clusterArn = `arn:aws:eks:us-east-1:${account}:cluster/prod`
const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
const trust = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${issuer.slice('https://'.length)}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${issuer.slice('https://'.length)}:sub`]: 'system:serviceaccount:shop:search' }
      }
    }
  ]
}
const podIdentityTrust = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession']
    }
  ]
}
const arnOf = (name: string): string => `arn:aws:iam::${account}:role/${name}`

function agentFor(t: Test): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  t.teardown(() => agent.destroy())

  return agent
}

/** Reviews with a finding, each of which is a line in the log. */
async function denials(t: Test, { port }: ServeProcess, count: number): Promise<void> {
  const agent = agentFor(t)
  let denied = 0
  for (let sent = 0; sent < count; sent++) {
    const { status, text } = await postReview(port, agent)
    if (status === 200 && text.includes('"allowed":false')) denied++
  }
  t.equal(denied, count)
}

t.test('answers while the disk that holds its log is full', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const server = await startServeProcess(t, { output: full })
  await denials(t, server, 20)
  t.ok(server.isAlive())
})

t.test('answers while its log is not read', async (t) => {
  const server = await startServeProcess(t, { output: 'pipe' }) // Node reads a child's pipe only when it is asked to
  await denials(t, server, 1000)
  t.ok(server.isAlive())
})

t.test('answers others while clients send something other than TLS', async (t) => {
  const server = await startServeProcess(t)
  await denials(t, server, 1)
  const before = server.openFiles()
  const garbage: Readonly<Record<string, Buffer>> = {
    'plain HTTP': Buffer.from('POST /validate HTTP/1.1\r\nhost: a\r\n\r\n'),
    'random bytes': Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 251)),
    'half a record': Buffer.from('160301020001', 'hex'),
    'an empty record': Buffer.from('1603010000', 'hex'),
    'an alert': Buffer.from('15030100020100', 'hex'),
    'a record that is too long': Buffer.concat([Buffer.from('160303ffff', 'hex'), Buffer.alloc(65_535, 1)]),
    nothing: Buffer.alloc(0)
  }
  const sockets: Socket[] = []
  for (const bytes of Object.values(garbage))
    for (let count = 0; count < 20; count++) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined)
      t.teardown(() => socket.destroy())
      await once(socket, 'connect')
      socket.write(bytes)
      sockets.push(socket)
    }
  const old = connectTls({
    host: '127.0.0.1',
    port: server.port,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false
  })
  const [refused] = (await once(old, 'error')) as [Error]
  t.match(refused.message, /alert|unsupported protocol|ECONNRESET/, 'TLS 1.1 is refused')
  await denials(t, server, 5)
  await waitFor('the end of all handshakes', async () => server.openFiles() <= before + 1, 120_000)
  t.ok(server.isAlive())
})

t.test('is not slower than its deadline, and denies nothing for it, when AWS is in trouble', async (t) => {
  let trouble: { action: string; reply: IamReply } | undefined
  const iam = await startFakeIam(({ action, parameters }) => {
    if (trouble?.action === action) return trouble.reply
    if (action === 'GetCallerIdentity') return identityReply(account)

    if (action === 'GetOpenIDConnectProvider') return providerReply(issuer, ['sts.amazonaws.com'])

    const name = parameters.get('RoleName') ?? ''
    return action === 'GetRole'
      ? roleReply(arnOf(name), name === 'agent' ? podIdentityTrust : trust)
      : absentReply
  })
  t.teardown(() => iam.close())
  const table: readonly (readonly [string, IamReply])[] = [
    ['slow', 'hang'],
    ['truncated', 'stall'],
    ['gone', 'reset'],
    ['refusing', errorReply(403, 'AccessDenied')],
    ['throttling', errorReply(400, 'Throttling')],
    ['failing', errorReply(500, 'ServiceFailure')],
    ['garbage', { body: '<html>Please log in</html>', type: 'text/html' }],
    ['XML that breaks off', { body: '<GetRoleResponse><GetRoleResult><Role><Arn>arn:a' }],
    ['the role of another account', roleReply('arn:aws:iam::444455556666:role/cart')]
  ]
  const start = (more = '') =>
    startServeProcess(t, {
      iam: [],
      config: `issuer: ${issuer}\n${more}`,
      env: {
        AWS_ENDPOINT_URL: iam.url,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_REGION: 'us-east-1'
      }
    })
  const agent = agentFor(t)
  const judge = async ({ port }: ServeProcess, name: string) => {
    const { status, text } = await postReview(
      port,
      agent,
      accountReviewOf({ 'eks.amazonaws.com/role-arn': arnOf(name) })
    )
    const { response } = JSON.parse(text) as {
      response: { allowed: boolean; warnings?: string[]; status?: { message: string } }
    }
    return { ...response, message: response.status?.message, status } // that of HTTP; a denial has one of its own
  }

  await t.test('IAM', async (t) => {
    const server = await start()
    for (const [index, [what, reply]] of table.entries()) {
      trouble = { action: 'GetRole', reply }
      const answer = await judge(server, `cart-${index}`)
      t.match(
        { what, ...answer },
        {
          what,
          status: 200,
          allowed: true,
          warnings: [
            /^not checked: role-missing and \d+ more: (?:IAM|STS|AWS|account 111122223333 differs from) /
          ]
        }
      )
      await denials(t, server, 1)
    }
    trouble = undefined
    t.match(
      await judge(server, 'fine'),
      { allowed: false, status: 200 },
      'a role that trusts another account'
    )
  })

  await t.test('STS', async (t) => {
    // One server each, because an identity is kept. The other rows differ for the SDK only, as with IAM.
    const rows = table.filter(([what]) => ['slow', 'refusing', 'garbage'].includes(what))
    t.equal(rows.length, 3)
    for (const [what, reply] of [...rows, ['another account', identityReply('444455556666')] as const]) {
      trouble = { action: 'GetCallerIdentity', reply }
      const server = await start()
      const answer = await judge(server, 'cart')
      t.match(
        { what, ...answer },
        {
          what,
          status: 200,
          allowed: true,
          warnings: [
            /^not checked: role-missing and \d+ more: (?:IAM|STS|AWS|account 111122223333 differs from) /
          ]
        }
      )
      await denials(t, server, 1)
    }
  })

  await t.test('EKS', async (t) => {
    trouble = undefined
    // The role trusts EKS Pod Identity only: wrong for IRSA, and right if the service account has an association.
    const found = /trust-action-missing: role agent does not admit system:serviceaccount:shop:cart/
    const ask = async (reply: EksReply | undefined) => {
      const eks = await startFakeEks(() => reply)
      t.teardown(() => eks.close())
      const server = await start(`eks: { clusterArn: '${clusterArn}', endpoint: '${eks.url}' }\n`)
      const answer = await judge(server, 'agent')
      await denials(t, server, 1)
      return answer
    }
    const foreign = eksAssociation('a-1', 'cart', {
      associationArn: 'arn:aws:eks:us-east-1:444455556666:podidentityassociation/prod/a-1'
    })
    const rows: readonly (readonly [string, EksReply])[] = [
      ['slow', 'hang'],
      ['truncated', 'stall'],
      ['refusing', eksError(403, 'AccessDeniedException')],
      ['throttling', eksError(429, 'ThrottlingException')],
      ['garbage', { body: '<html>Please log in</html>' }],
      ['the cluster of another account', { body: { associations: [foreign], nextToken: null } }]
    ]
    for (const [what, reply] of rows) {
      const { warnings = [], ...answer } = await ask(reply)
      t.match({ what, ...answer }, { what, status: 200, allowed: true })
      t.match(warnings.join('\n'), /^not checked: pod-identity-and-annotation: EKS /m, what)
      t.match(warnings.join('\n'), found, what)
    }
    const known = await ask(undefined)
    t.match(known, { allowed: false, status: 200 }, 'without an association')
    t.match(known.message, found)
  })
})
