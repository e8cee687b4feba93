import t from 'tap'
import type { KubeRequest } from '../../src/kube/client.js'
import { listObjects, readPages } from '../../src/kube/read.js'
import type { KubeResponse } from '../../src/kube/response.js'
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

t.test(
  'requests a page again after 429 and 5xx, as long as it is asked to wait, at most three times',
  async (t) => {
    const pauses: number[] = []
    const patient = { name: 'pods', pause: async (milliseconds: number) => void pauses.push(milliseconds) }
    const busy = (retryAfter?: number): Partial<KubeResponse> => ({
      status: 429,
      ...(retryAfter !== undefined && { retryAfter })
    })
    const { client, requests } = answering(
      ...[busy(4), page(['a'], 'next'), { status: 503 }, { status: 500 }, busy(1), page(['b'])]
    )
    const { objects, unread } = await readPages(client, '/p', patient)
    t.strictSame(names(objects), ['a', 'b'])
    t.equal(unread, undefined)
    t.strictSame(pauses, [4000, 500, 1000, 2000], 'what the API server asks for, at least a growing pause')
    t.match(
      requests.slice(2),
      Array.from({ length: 4 }, () => ({ query: { continue: 'next' } }))
    )

    const table: readonly [readonly (Partial<KubeResponse> | Error)[], RegExp, string][] = [
      [Array.from({ length: 4 }, () => busy()), /answered 429/, 'busy for too long'],
      [[busy(3600)], /answered 429/, 'a pause that is too long'],
      [[{ status: 403 }], /answered 403/, 'a refusal'],
      [[new Error('ECONNRESET')], /ECONNRESET/, 'an API server that is gone']
    ]
    for (const [answers, because, why] of table) {
      const failing = answering(page(['a'], 'next'), ...answers)
      const read = await readPages(failing.client, '/p', patient)
      t.strictSame(names(read.objects), ['a'], why)
      t.match(read.unread, { because }, why)
      t.equal(failing.requests.length, 1 + answers.length, why)
    }

    const stopped = new AbortController()
    const late = await readPages(answering(busy(), busy()).client, '/p', {
      pause: async () => stopped.abort(),
      signal: stopped.signal
    })
    t.match(late.unread, { because: '/p was not read in time' })
  }
)

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
