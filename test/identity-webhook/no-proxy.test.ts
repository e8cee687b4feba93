import t from 'tap'
import { isProxyBypassed } from '../../src/identity-webhook/no-proxy.js'

const [ipv4, ipv6] = ['169.254.170.23', '[fd00:ec2::23]']

t.test('understands what any client does in NO_PROXY', async (t) => {
  for (const value of [
    '169.254.170.23',
    'localhost, 169.254.170.23',
    'localhost|169.254.170.23',
    '169.254.170.23:80',
    '169.254.0.0/16',
    '169.254.170.23/32',
    '0.0.0.0/0',
    '*',
    '169.254.*',
    '.svc\n169.254.170.23'
  ])
    t.equal(isProxyBypassed(value, ipv4), true, JSON.stringify(value))
  for (const value of [
    '[fd00:ec2::23]',
    'fd00:ec2::23',
    'fd00:ec2:0::23',
    'fd00:ec2:0:0:0:0:0:23',
    '[fd00:ec2::23]:80',
    'fd00:ec2::/32',
    '*'
  ])
    t.equal(isProxyBypassed(value, ipv6), true, value)
})

t.test('and nothing else', async (t) => {
  for (const value of [
    '',
    '169.254.170.2',
    '169.254.170.233',
    '169.254.169.0/24',
    '169.254.0.0/33',
    '169.254.0.0/x',
    '169.254.0.0/',
    '169.254.0.0/16/1',
    '10.*',
    ipv6,
    '::/0',
    'pods.eks.amazonaws.com',
    '[169.254.170.23',
    `${'1'.repeat(100)}/8`
  ])
    t.equal(isProxyBypassed(value, ipv4), false, value)
  for (const value of [ipv4, 'fd00:ec3::/32', 'fd00::/200', '::ffff:1.2.3.4', 'fe80::1%eth0'])
    t.equal(isProxyBypassed(value, ipv6), false, value)
})
