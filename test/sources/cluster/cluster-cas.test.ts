import t from 'tap'
import { loadClusterCas } from '../../../src/sources/cluster/cluster-cas.js'
import { makeAuthority, pem } from '../../support/certificates.js'
import { clientThat } from '../../support/kube-client.js'

const at = new Date('2026-11-24T00:00:00Z')
const [real, attacker] = [makeAuthority(), makeAuthority()].map(({ der }) => pem(der)) as [string, string]
type Lists = Readonly<Record<string, string | number>>

/** What is read where each namespace's ConfigMap holds a PEM, or is answered with a status. */
const read = (
  lists: Lists,
  trust: { cas: string | undefined; isMounted: boolean },
  namespace = 'irsa-guard'
) => {
  const client = clientThat(({ path }) => {
    const list = lists[path.split('/')[4] ?? ''] ?? 404
    return typeof list === 'number' ? { status: list } : { body: { data: { 'ca.crt': list } } }
  }, trust)
  return loadClusterCas(client, { namespace, chains: [undefined], at })
}

t.test('a pod trusts what its own namespace is told only where kube-system says the same', async (t) => {
  const trust = { cas: real + attacker, isMounted: true }
  t.match(await read({ 'irsa-guard': real + attacker, 'kube-system': real }, trust), {
    confirmed: real,
    unconfirmed: attacker
  })
  t.match(await read({ 'irsa-guard': real + attacker, 'kube-system': real + attacker }, trust), {
    confirmed: real + attacker,
    doubt: undefined
  })
  t.match(
    await read({ 'irsa-guard': real + attacker, 'kube-system': 403 }, trust),
    { confirmed: real + attacker },
    'without the right'
  )
  t.match(
    await read({ 'irsa-guard': real + attacker }, trust),
    { confirmed: undefined, unconfirmed: real + attacker },
    'while that of kube-system is deleted'
  )
})

t.test('a command trusts its kubeconfig where a ConfigMap says the same', async (t) => {
  const trust = { cas: real, isMounted: false }
  t.match(await read({ default: real, 'kube-system': real }, trust, 'default'), {
    confirmed: real,
    doubt: undefined
  })
  t.match(await read({ default: real + attacker }, trust, 'default'), {
    confirmed: real,
    unconfirmed: attacker
  })
  t.match(await read({}, trust, 'default'), { confirmed: real, doubt: undefined })
  t.match(await read({ default: attacker, 'kube-system': attacker }, trust, 'default'), {
    confirmed: undefined,
    unconfirmed: attacker
  })
})

t.test('rejects when the API server does not answer', async (t) => {
  await t.rejects(
    read({ 'irsa-guard': 500 }, { cas: real, isMounted: true }),
    /irsa-guard\/kube-root-ca.crt could not be read \(the API server answered 500\)/
  )
})
