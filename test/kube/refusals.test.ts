import t from 'tap'
import { canI, noteRefusals } from '../../src/kube/refusals.js'
import { clientThat } from '../support/kube-client.js'

t.test('names the permission that a request needs', async (t) => {
  for (const [method, path, command] of [
    ['GET', '/api/v1/namespaces/shop/pods', 'kubectl auth can-i list pods -n shop'],
    ['GET', '/api/v1/namespaces/shop/pods/a', 'kubectl auth can-i get pods/a -n shop'],
    ['POST', '/api/v1/namespaces/shop/pods', 'kubectl auth can-i create pods -n shop'],
    ['GET', '/api/v1/namespaces/shop', 'kubectl auth can-i get namespaces/shop'],
    ['GET', '/api/v1/nodes?limit=5', 'kubectl auth can-i list nodes'],
    ['GET', '/apis/apps/v1/namespaces/a/replicasets', 'kubectl auth can-i list replicasets.apps -n a'],
    ['GET', '/openid/v1/jwks', 'kubectl auth can-i get /openid/v1/jwks']
  ] as const)
    t.equal(canI(method, path), command)
})

t.test('explains the refusals, and nothing else', async (t) => {
  const noting = noteRefusals(
    clientThat(({ path }) => ({ status: path.includes('pods') || path.startsWith('/.well') ? 403 : 200 })),
    ' --context prod'
  )
  for (const path of ['/api/v1/namespaces/shop/pods', '/.well-known/openid-configuration', '/api/v1/nodes'])
    await noting.client.request({ path })

  t.equal(
    noting.explain('/api/v1/namespaces/shop/pods could not be read (the API server answered 403)'),
    '/api/v1/namespaces/shop/pods could not be read (the API server answered 403): kubectl auth can-i list pods -n shop --context prod'
  )
  t.match(
    noting.explain('the issuer of the cluster could not be read (403)'),
    /get \/\.well-known\/openid-configuration --context prod$/
  )
  t.equal(noting.explain('IAM answered 403'), 'IAM answered 403')
  t.equal(
    noting.explain('/api/v1/namespaces/shop/pods was not read in time'),
    '/api/v1/namespaces/shop/pods was not read in time'
  )
})
