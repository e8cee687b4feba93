import t from 'tap'
import { similarProviders } from '../../../src/sources/iam-file/similar-providers.js'

const prefix = 'arn:aws:iam::111122223333:oidc-provider/'
const id = 'EXAMPLED539D4633E53DE1B71EXAMPLE'
const host = `oidc.eks.us-east-1.amazonaws.com/id/${id}`

t.test('finds what was probably meant', async (t) => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['trailing slash', `${host}/`, true],
    ['case', host.toLowerCase(), true],
    ['scheme', `https://${host}`, true],
    ['port', host.replace('.com/', '.com:443/'), true],
    ['another region', host.replace('us-east-1', 'eu-west-1'), true],
    ['dual-stack host', `oidc-eks.us-east-1.api.aws/id/${id}`, true],
    ['China', `oidc.eks.cn-north-1.amazonaws.com.cn/id/${id}`, true],
    ['itself', host, false],
    ['another cluster', host.replace('E53D', 'E54D'), false],
    ['a shorter id', host.slice(0, -1), false],
    ['something else', 'token.actions.githubusercontent.com', false],
    ['the id at another host', `example.com/id/${id}`, false]
  ]
  for (const [why, other, found] of table)
    t.strictSame(similarProviders(prefix + host, [prefix + other]), found ? [prefix + other] : [], why)
})

t.test('compares issuers of other software too, and names five at most', async (t) => {
  t.strictSame(
    similarProviders(`${prefix}s3.example.com/kops`, [
      `${prefix}s3.example.com/Kops/`,
      `${prefix}s3.example.com/other`
    ]),
    [`${prefix}s3.example.com/Kops/`]
  )
  const many = Array.from({ length: 50 }, (_, i) => `${prefix}oidc.eks.region-${i}.amazonaws.com/id/${id}`)
  t.equal(similarProviders(prefix + host, many).length, 5)
})

t.test('answers soon on hostile text', async (t) => {
  const before = performance.now()
  similarProviders(prefix + host, [
    `${prefix}${'/'.repeat(1_000_000)}a`,
    `${prefix}oidc.eks.${'.'.repeat(1_000_000)}`
  ])
  t.ok(performance.now() - before < 250)
})
