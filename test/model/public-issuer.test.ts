import t from 'tap'
import { isPublicIssuer } from '../../src/model/public-issuer.js'

t.test('AWS cannot reach names and addresses of a private network', async (t) => {
  for (const host of [
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
    'oidc.localhost',
    'k8s.internal',
    'issuer',
    '10.1.2.3',
    '172.20.0.1:6443',
    '192.168.0.10',
    '127.0.0.1',
    '169.254.169.254',
    '[::1]',
    '[fd00::1]',
    '[fe80::1]:443',
    'KUBERNETES.DEFAULT.SVC.'
  ])
    t.notOk(isPublicIssuer(`https://${host}`), host)
  for (const host of [
    'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE',
    's3.eu-west-1.amazonaws.com/bucket/k8s.example.com',
    'internal.example.com',
    'svc.example.com',
    '172.32.0.1',
    '203.0.113.7',
    '[2001:db8::1]'
  ])
    t.ok(isPublicIssuer(`https://${host}`), host)
  t.ok(isPublicIssuer('no URL'))
})
