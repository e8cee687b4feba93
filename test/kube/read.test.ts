import t from 'tap'
import type { KubeRequest, KubeResponse } from '../../src/kube/client.js'
import { listObjects, readPages } from '../../src/kube/read.js'
import { recordOf } from '../../src/text/record.js'
import { clientThat } from '../support/kube-client.js'

/** A client that answers with these responses, one after the other. */
const answering = (...answers: readonly (Partial<KubeResponse> | Error)[]) => {
  const requests: KubeRequest[] = []
  const client = clientThat((request) => {
    requests.push(request)
    return answers[requests.length - 1] ?? new Error('one request too many')
  })

  return { client, requests }
}
const page = (names: readonly string[], token?: string): Partial<KubeResponse> => ({
  body: {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { continue: token },
    items: names.map((name) => ({ name }))
  }
})
const expired = (token?: string): Partial<KubeResponse> => ({
  status: 410,
  body: { kind: 'Status', metadata: { continue: token } }
})
const names = (objects: readonly object[]): unknown[] => objects.map((object) => recordOf(object)['name'])

t.test('reads page by page', async (t) => {
  const { client, requests } = answering(page(['a', 'b'], 'next'), page(['c']))
  const counts: number[] = []
  const { objects, unread } = await readPages(client, '/api/v1/pods', {
    keep: (object) => (object['name'] === 'b' ? undefined : object),
    onPage: (count) => counts.push(count)
  })
  t.equal(unread, undefined)
  t.strictSame(objects, [
    { apiVersion: 'v1', kind: 'Pod', name: 'a' },
    { apiVersion: 'v1', kind: 'Pod', name: 'c' }
  ])
  t.strictSame(counts, [2, 1])
  t.match(requests, [{ query: { limit: 500 } }, { query: { limit: 500, continue: 'next' } }])
})

t.test('keeps what it read before a failure', async (t) => {
  const { client } = answering(page(['a'], 'next'), new Error('ECONNRESET'))
  const { objects, unread } = await readPages(client, '/api/v1/pods', { name: 'pods' })
  t.strictSame(names(objects), ['a'])
  t.match(unread, { because: 'pods could not be read (ECONNRESET)' })
  const again = answering(page(['a'], 'next'), new Error('ECONNRESET'))
  t.match(await listObjects(again.client, '/api/v1/pods'), { state: 'unknown' })
  t.match(await listObjects(answering({ body: { items: 1 } }).client, '/x'), {
    because: '/x could not be read (the API server did not return a list)'
  })
})

t.test('goes on with a newer list if its own has expired', async (t) => {
  const { client, requests } = answering(page(['a'], 'old'), expired('new'), page(['b']))
  const { objects, unread } = await readPages(client, '/api/v1/pods', {})
  t.strictSame(names(objects), ['a', 'b'])
  t.equal(unread, undefined)
  t.match(requests[2], { query: { continue: 'new' } })

  const twice = await readPages(
    answering(page(['a'], 'old'), expired('new'), expired('newer')).client,
    '/p',
    {}
  )
  t.match(twice.unread, { because: '/p could not be read (the API server answered 410)' })
  t.match((await readPages(answering(page([], 'old'), expired()).client, '/p', {})).unread, {
    state: 'unknown'
  })
  t.match((await readPages(answering(expired('new')).client, '/p', {})).unread, { state: 'unknown' })
})
