// AdmissionReviews that were changed at random, through the whole server. FUZZ_COUNT=1000000 FUZZ_STATE=FILE is a
// part of `npm run fuzz`: the file says how far it came, so that it goes on from there. A review that is answered
// wrongly is written to cases/, and every case there is sent in each run.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { buildApp } from '../../src/server/app.js'
import { isRecord } from '../../src/text/record.js'
import { type MutatedReview, mutatedReviewOf } from './mutate-review.js'
import { judge, judgeAssociated } from './places.js'
import { refusalOf } from './response-rules.js'

const count = Number(process.env['FUZZ_COUNT'] ?? 2000)
const stateFile = process.env['FUZZ_STATE']
const cases = new URL('cases/', import.meta.url).pathname
const longestMilliseconds = 100
const longestAnswer = 262_144

/** How far a run came. */
interface State {
  readonly seed: number
  done: number
  slowest: { milliseconds: number; index: number }
  outcomes: Record<string, number>
}

const failures: (Error | undefined)[] = []
const apps = [judge, judgeAssociated].map((handleReview) =>
  buildApp({ handleReview, timeout: 60_000, onReviewed: ({ error }) => failures.push(error) })
)
t.teardown(() => Promise.all(apps.map((app) => app.close())))

/** Sends a review; returns what became of it, and what is wrong with that. */
async function send(
  { text, isReview }: MutatedReview,
  index: number
): Promise<{ outcome: string; wrong: string | undefined; milliseconds: number }> {
  failures.length = 0
  const start = process.threadCpuUsage()
  const reply = await apps[index % apps.length]?.inject({
    method: 'POST',
    url: '/validate?timeout=30s',
    headers: { 'content-type': 'application/json' },
    payload: text
  })
  const { user, system } = process.threadCpuUsage(start)
  const milliseconds = (user + system) / 1000
  if (reply === undefined) throw new Error('there are apps')
  const { statusCode } = reply
  const because = failures.find((error) => error !== undefined)
  if (statusCode === 200) {
    const review: unknown = JSON.parse(text)
    const asked = isRecord(review) && isRecord(review['request']) ? review['request'] : {}
    const { warnings, allowed } = reply.json<{ response: { warnings?: string[]; allowed: boolean } }>()
      .response
    const wrong =
      refusalOf(
        {
          statusCode,
          contentType: reply.headers['content-type'], // Fastify sends one
          bytes: reply.rawPayload
        },
        { apiVersion: String((review as { apiVersion: unknown }).apiVersion), uid: String(asked['uid']) }
      ) ??
      (reply.rawPayload.length > longestAnswer
        ? `an answer of ${reply.rawPayload.length} bytes`
        : undefined) ??
      (!allowed && !['CREATE', 'UPDATE'].includes(String(asked['operation'])) ? 'not a write' : undefined)
    return { outcome: allowed ? (warnings ? 'warned' : 'allowed') : 'denied', wrong, milliseconds }
  }
  const isRefusal = statusCode === 400 && typeof reply.json<{ error?: unknown }>().error === 'string'
  const wrong = !isRefusal
    ? `HTTP ${statusCode}: ${because?.stack ?? reply.body}`
    : isReview
      ? `a review was refused: ${reply.body}`
      : undefined

  return { outcome: 'malformed', wrong, milliseconds }
}

/** Writes a review to cases/, under a name of its own. */
function keep(review: MutatedReview, because: string): string {
  const name = `${createHash('sha256').update(review.text).digest('hex').slice(0, 12)}.json`
  mkdirSync(cases, { recursive: true })
  writeFileSync(join(cases, name), `${JSON.stringify({ because, ...review }, undefined, 2)}\n`)

  return name
}

function loadState(): State {
  const fresh = (seed: number): State => ({
    seed,
    done: 0,
    slowest: { milliseconds: 0, index: 0 },
    outcomes: { allowed: 0, warned: 0, denied: 0, malformed: 0 }
  })
  if (stateFile === undefined) return fresh(Number(process.env['FUZZ_SEED'] ?? 1))
  try {
    const state = JSON.parse(readFileSync(stateFile, 'utf8')) as State // only this test writes it
    return state.done < count ? state : fresh(state.seed + 1)
  } catch {
    return fresh(1) // the first run
  }
}

t.test('answers every review as an API server expects it', async (t) => {
  const state = loadState()
  const wrong: string[] = []
  const save = (): void => {
    if (stateFile === undefined) return
    mkdirSync(dirname(stateFile), { recursive: true })
    writeFileSync(stateFile, JSON.stringify(state))
  }
  for (; state.done < count; state.done++) {
    if (state.done % 1000 === 0) save()
    const index = state.done
    const review = mutatedReviewOf(state.seed, index)
    const sent = await send(review, index)
    state.outcomes[sent.outcome] = (state.outcomes[sent.outcome] ?? 0) + 1
    if (sent.wrong !== undefined) wrong.push(`${index}: ${keep(review, sent.wrong)}: ${sent.wrong}`)
    if (sent.milliseconds <= state.slowest.milliseconds) continue
    // Whatever else ran at the time may have been slow: only what is slow each time counts.
    let { milliseconds } = sent
    for (let again = 0; again < 3; again++)
      milliseconds = Math.min(milliseconds, (await send(review, index)).milliseconds)
    if (milliseconds > state.slowest.milliseconds) state.slowest = { milliseconds, index }
    if (stateFile !== undefined && milliseconds > longestMilliseconds)
      wrong.push(`${index}: ${keep(review, `took ${milliseconds.toFixed()} ms`)}: slow`)
  }
  save()
  t.comment(
    `seed ${state.seed}: ${state.done} reviews, ${JSON.stringify(state.outcomes)}; the slowest, ${state.slowest.index}, took ${state.slowest.milliseconds.toFixed(1)} ms`
  )
  t.strictSame(wrong, [])
  for (const [outcome, times] of Object.entries(state.outcomes)) t.ok(times > 0, `some are ${outcome}`)
})

t.test('answers the reviews that were answered wrongly once', async (t) => {
  for (const name of existsSync(cases) ? readdirSync(cases) : []) {
    const review = JSON.parse(readFileSync(join(cases, name), 'utf8')) as MutatedReview // `keep` wrote it
    for (const index of apps.keys()) t.equal((await send(review, index)).wrong, undefined, name)
  }
})
