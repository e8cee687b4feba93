import t from 'tap'
import { parseIssuerPartition } from '../../src/model/issuer.js'
import { parseRoleArn } from '../../src/model/role-arn.js'
import { escapeText, quote } from '../../src/text/escape.js'

t.test('reads role ARNs', async (t) => {
  const table: readonly (readonly [string, string])[] = [
    ['arn:aws:iam::111122223333:role/cart', 'plain'],
    ['arn:aws:iam::111122223333:role/team/shop/cart', 'path'],
    ['arn:aws-cn:iam::111122223333:role/cart', 'China'],
    ['arn:aws-new-thing:iam::111122223333:role/cart', 'a partition that nobody knows yet'],
    ['arn:aws:iam::111122223333:role/a!b~c/cart', 'path characters are "!" to "~" (IAM API, pathType)'],
    ['arn:aws:iam::111122223333:role/w+=,.@-_9', 'all characters of a role name (IAM API, roleNameType)']
  ]
  for (const [text, why] of table) t.equal(parseRoleArn(text)?.text, text, why)
  t.match(parseRoleArn('arn:aws:iam::111122223333:role/team/cart'), {
    partition: 'aws',
    account: '111122223333',
    path: '/team/',
    name: 'cart'
  })
})

t.test('refuses what is none', async (t) => {
  const table = [
    '',
    'cart',
    'arn:aws:iam::123456789:role/cart',
    'arn:aws:iam::111122223333:policy/cart',
    'arn:aws:iam::111122223333:role/',
    'arn:aws:iam::111122223333:role//cart',
    'arn:azure:iam::111122223333:role/cart',
    `arn:aws:iam::111122223333:role/${'a'.repeat(65)}`,
    `arn:aws:iam::111122223333:role/${'p'.repeat(512)}/a`,
    `arn:aws:iam::111122223333:role/${'p/'.repeat(2000)}a`
  ]
  for (const text of table) t.equal(parseRoleArn(text), undefined, text.slice(0, 60))
})

t.test("tells the partition by an EKS issuer's region", async (t) => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE', 'aws'],
    ['https://oidc.eks.ap-southeast-2.amazonaws.com/id/EXAMPLE', 'aws'],
    ['https://oidc.eks.cn-north-1.amazonaws.com.cn/id/EXAMPLE', 'aws-cn'],
    ['https://oidc.eks.us-gov-west-1.amazonaws.com/id/EXAMPLE', 'aws-us-gov'],
    ['https://oidc.eks.eusc-de-east-1.amazonaws.eu/id/EXAMPLE', 'aws-eusc'],
    ['https://oidc-eks.eu-west-1.api.aws/id/EXAMPLE', 'aws'],
    ['https://oidc-eks.us-gov-west-1.api.aws/id/EXAMPLE', 'aws-us-gov'],
    ['https://oidc-eks.cn-north-1.api.amazonwebservices.com.cn/id/EXAMPLE', 'aws-cn'],
    ['https://oidc-eks.eusc-de-east-1.api.amazonwebservices.eu/id/EXAMPLE', 'aws-eusc'],
    ['https://oidc-eks.us-gov-west-1.api.aws/id/EXAMPLE/', 'aws-us-gov'],
    ['https://oidc_eks.us-east-1.api.aws/id/EXAMPLE', undefined],
    ['https://oidc.eks.xx-moon-1.amazonaws.com/id/EXAMPLE', undefined],
    ['https://s3.us-east-1.amazonaws.com/kops', undefined],
    ['https://kubernetes.default.svc', undefined]
  ]
  for (const [issuer, partition] of table) t.equal(parseIssuerPartition(issuer), partition, issuer)
})

t.test('makes text of users harmless', async (t) => {
  t.equal(
    escapeText('a\nb\tc\r\u001b[31m\u202e\u2028\ud800'),
    'a\\nb\\tc\\r\\u{1b}[31m\\u{202e}\\u{2028}\\u{d800}'
  )
  t.equal(quote('x'.repeat(300)).length < 240, true)
  t.equal(quote('Köln'), '"Köln"')
})
