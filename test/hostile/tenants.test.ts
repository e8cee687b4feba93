// What a user who may only create service accounts in one namespace can learn from `serve`, and what it costs
// the others.
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  absentReply,
  type IamReply,
  identityReply,
  providerReply,
  roleReply,
  startFakeIam
} from '../support/fake-iam.js'
import { postReview, startServeProcess } from '../support/serve-process.js'
import { account, asks, host, issuer, policy, statement } from '../support/trust.js'

const roles: Readonly<Record<string, { path?: string; trust: object }>> = {
  // Another tenant's roles. Each secret is a detail that only the owner may see.
  'billing-api': {
    path: 'secret/',
    trust: policy(statement({ Condition: asks({ sub: 'system:serviceaccount:secret:secret' }) }))
  },
  'billing-lambda': {
    trust: policy(
      statement({
        Principal: { AWS: 'arn:aws:iam::444455556666:role/secret' },
        Action: 'sts:AssumeRole',
        Condition: undefined
      })
    )
  },
  'billing-network': {
    trust: policy(statement({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-secret' } } }))
  },
  // The tenant's own role: its owner needs the details.
  own: {
    path: 'shop/',
    trust: policy(
      statement({
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/other.example` },
        Condition: asks({ sub: 'system:serviceaccount:shop:cart' })
      })
    )
  }
}

const answer = (action: string, name: string): IamReply => {
  if (action === 'GetCallerIdentity') return identityReply(account)
  if (action === 'GetOpenIDConnectProvider') return providerReply(host, ['sts.amazonaws.com'])
  const role = action === 'GetRole' ? roles[name] : undefined

  return role === undefined
    ? absentReply
    : roleReply(`arn:aws:iam::${account}:role/${role.path ?? ''}${name}`, role.trust)
}

async function start(t: Test) {
  const asked: string[] = []
  const iam = await startFakeIam(({ action, parameters }) => {
    const name = parameters.get('RoleName') ?? ''
    asked.push(`${action} ${name}`.trim())

    return answer(action, name)
  })
  t.teardown(() => iam.close())
  const env = {
    AWS_ENDPOINT_URL: iam.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1'
  }
  const { port } = await startServeProcess(t, { iam: [], config: `issuer: ${issuer}`, env })
  const agent = new Agent({ keepAlive: true, maxSockets: 250 })
  t.teardown(() => agent.destroy())

  return {
    asked,
    /** The response to a new service account, as text. */
    review: async (namespace: string, role: string): Promise<string> => {
      const annotations = { 'eks.amazonaws.com/role-arn': `arn:aws:iam::${account}:role/${role}` }
      const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'cart', annotations } }
      const request = { uid: 'u', operation: 'CREATE', namespace, object }
      const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }
      const { status, text } = await postReview(port, agent, JSON.stringify(body))
      if (status !== 200) throw new Error(`${status ?? 'no status'}: ${text}`)
      return text
    }
  }
}

/** Repeats a review until IAM was asked, because the rate limit can delay that. */
async function judged(review: () => Promise<string>): Promise<string> {
  for (;;) {
    const text = await review()
    if (!/IAM requests per second|did not answer before/.test(text)) return text
  }
}

t.test('messages show no detail of a role of another namespace', async (t) => {
  const { review } = await start(t)
  for (const name of ['billing-api', 'billing-lambda', 'billing-network']) {
    const text = await judged(async () => review('shop', name))
    t.match(text, '"allowed":false', name)
    t.match(text, new RegExp(`role ${name} does not (?:trust|admit) system:serviceaccount:shop:cart`), name)
    t.notMatch(text, /secret|444455556666|lambda\.|PrincipalOrgID/, name)
  }
  t.match(
    await judged(async () => review('shop', 'own')),
    /other\.example.*the role with this name is arn:aws:iam::111122223333:role\/shop\/own|the role with this name is arn:aws:iam::111122223333:role\/shop\/own.*other\.example/s,
    'the owner is shown the details'
  )
})

t.test('thousands of invented roles stay within the rate, and others are judged meanwhile', async (t) => {
  const { asked, review } = await start(t)
  const started = performance.now()
  let denied = 0
  const over = new AbortController()
  const quiet = (async () => {
    while (!over.signal.aborted || denied === 0) {
      if ((await review('quiet', 'billing-network')).includes('"allowed":false')) denied++
      await sleep(50)
    }
  })()
  let next = 0
  const counts = { missing: 0, unchecked: 0 }
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      while (next < 3000) {
        const text = await review('greedy', `invented-${next++}`)
        if (!text.includes('"allowed":true')) continue
        if (text.includes('role-missing: role')) counts.missing++
        else if (text.includes('not checked')) counts.unchecked++
      }
    })
  )
  const seconds = (performance.now() - started) / 1000
  const requests = asked.length
  over.abort()
  await quiet
  t.equal(
    counts.missing + counts.unchecked,
    3000,
    'none is denied; each is judged, or reported as not checked'
  )
  t.not(denied, 0, 'the other namespace got its answer')
  t.ok(requests <= 6 + 5 * seconds, `${requests} requests in ${seconds} s`) // and one of sts:GetCallerIdentity
  t.comment(`${requests} requests to IAM in ${seconds.toFixed(1)} s; the other namespace: ${denied} denials`)
})
