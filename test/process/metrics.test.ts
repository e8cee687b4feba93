import t from 'tap'
import { buildMetrics } from '../../src/process/metrics.js'
import { version } from '../../src/version.js'

t.test('counts reviews and observes how long they took', async (t) => {
  const { registry, reviews, reviewSeconds } = buildMetrics()
  for (let review = 0; review < 1500; review++) {
    reviews.count('Pod', 'CREATE', 'allowed')
    reviewSeconds.observe(0.002)
  }
  const text = await registry.metrics()
  t.match(text, 'irsa_guard_reviews_total{kind="Pod",operation="CREATE",outcome="allowed"} 1500')
  t.match(text, `irsa_guard_build_info{version="${version}"} 1`)
  t.match(text, 'irsa_guard_review_duration_seconds_count 1500')
  t.match(text, 'irsa_guard_review_duration_seconds_bucket{le="0.0025"} 1500')
  t.match(text, 'irsa_guard_review_duration_seconds_bucket{le="0.001"} 0')
})
