import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { version } from '../version.js'

/** The metrics of one process, all with the prefix `irsa_guard_`. */
export type Metrics = ReturnType<typeof buildMetrics>

/** Builds the metrics with their own registry; `lastEvents` is called at each scrape. */
export function buildMetrics(lastEvents: () => Readonly<Record<string, Date | undefined>> = () => ({})) {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'irsa_guard_build_info',
    help: '1, with the version of irsa-guard as a label.',
    labelNames: ['version'] as const,
    registers
  }).set({ version }, 1)

  // prom-client exposes 0 for a gauge without labels until it is set. An alert would take this 0 for a
  // measured value.
  const withoutSample = (gauge: Gauge): Gauge => {
    gauge.remove()
    return gauge
  }

  return {
    registry,
    reviews: buildTally(registry, {
      name: 'irsa_guard_reviews_total',
      help: 'Admission reviews answered, by outcome: allowed, warned, denied, exempt, malformed, overloaded, failed.',
      labelNames: ['kind', 'operation', 'outcome']
    }),
    wouldDeny: buildTally(registry, {
      name: 'irsa_guard_would_deny_total',
      help: 'Admission reviews that mode enforce would have denied, by rule.',
      labelNames: ['rule']
    }),
    reviewSeconds: buildSamples(registry, {
      name: 'irsa_guard_review_duration_seconds',
      help: 'Time to answer an admission review, in seconds.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3]
    }),
    facts: buildTally(registry, {
      name: 'irsa_guard_facts_total',
      help: 'Facts gathered for reviews, by result: known, moot, unknown.',
      labelNames: ['fact', 'result']
    }),
    iamRequests: new Counter({
      name: 'irsa_guard_iam_requests_total',
      help: 'Requests to IAM and STS, by operation and result.',
      labelNames: ['operation', 'result'] as const,
      registers
    }),
    eksRequests: new Counter({
      name: 'irsa_guard_eks_requests_total',
      help: 'Requests to EKS, by operation and result.',
      labelNames: ['operation', 'result'] as const,
      registers
    }),
    findings: new Gauge({
      name: 'irsa_guard_findings',
      help: "Current findings about the cluster's objects and webhook configurations, by rule and severity.",
      labelNames: ['rule', 'severity'] as const,
      registers
    }),
    backgroundScan: withoutSample(
      new Gauge({
        name: 'irsa_guard_background_scan_timestamp_seconds',
        help: 'Time of the last background scan of all namespaces, in seconds since 1970.',
        registers
      })
    ),
    backgroundScanDuration: withoutSample(
      new Gauge({
        name: 'irsa_guard_background_scan_duration_seconds',
        help: 'Time that the last background scan of all namespaces took, in seconds.',
        registers
      })
    ),
    oldestAnswer: withoutSample(
      new Gauge({
        name: 'irsa_guard_background_scan_oldest_iam_answer_timestamp_seconds',
        help: 'Time of the oldest answer from IAM that the background scan uses, in seconds since 1970.',
        registers
      })
    ),
    changeMessages: new Counter({
      name: 'irsa_guard_change_queue_messages_total',
      help: 'Messages from the queue of changes in AWS, by result: used, duplicate, outdated, unrelated, other-event, failed-call, malformed.',
      labelNames: ['result'] as const,
      registers
    }),
    changeQueue: withoutSample(
      new Gauge({
        name: 'irsa_guard_change_queue_timestamp_seconds',
        help: 'Time of the last answer from the queue of changes in AWS, in seconds since 1970; no sample if none is configured.',
        registers
      })
    ),
    caBundleState: new Gauge({
      name: 'irsa_guard_ca_bundle_state',
      help: 'State of each guarded caBundle: 1 for its current state (ok, incomplete, stale, foreign, unusable, absent, unknown).',
      labelNames: ['webhook', 'state'] as const,
      registers
    }),
    clusterCaUnconfirmed: withoutSample(
      new Gauge({
        name: 'irsa_guard_cluster_ca_unconfirmed',
        help: '1 if a published list of cluster CAs contains one that is not confirmed, for example after an attack on its ConfigMap; otherwise 0.',
        registers
      })
    ),
    clusterCas: withoutSample(
      new Gauge({
        name: 'irsa_guard_cluster_cas',
        help: 'Number of confirmed cluster CAs: 1, or more during a rotation.',
        registers
      })
    ),
    clusterCaExpiry: withoutSample(
      new Gauge({
        name: 'irsa_guard_cluster_ca_expiry_timestamp_seconds',
        help: 'Expiry of the confirmed cluster CA that expires first, in seconds since 1970.',
        registers
      })
    ),
    clusterCaSigning: new Gauge({
      name: 'irsa_guard_cluster_ca_signing',
      help: "1 if EKS signs certificates of the control plane with a certificate authority of the cluster, otherwise 0; no sample if EKS's answer is unknown.",
      labelNames: ['id'] as const,
      registers
    }),
    clusterCaAutoActivation: new Gauge({
      name: 'irsa_guard_cluster_ca_auto_activation_timestamp_seconds',
      help: "When EKS activates the cluster's next certificate authority automatically, in seconds since 1970, by event: first, final.",
      labelNames: ['id', 'event'] as const,
      registers
    }),
    clusterCaActivation: withoutSample(
      new Gauge({
        name: 'irsa_guard_cluster_ca_activation_timestamp_seconds',
        help: "The latest time at which EKS activates the cluster's next certificate authority, in seconds since 1970; no sample if there is none or the date is unknown.",
        registers
      })
    ),
    identityWebhookMutating: new Gauge({
      name: 'irsa_guard_identity_webhook_mutating',
      help: '1 if the identity webhook mutated the canary pod at an API server, 0 if not; no sample if the check could not be run.',
      labelNames: ['api_server'] as const,
      registers
    }),
    selfTest: new Gauge({
      name: 'irsa_guard_self_test',
      help: "1 if an API server denied the self-test objects through irsa-guard's webhook and caBundle policy, 0 if not; no sample if the check could not be run.",
      labelNames: ['check', 'api_server'] as const,
      registers
    }),
    certificateExpiry: withoutSample(
      new Gauge({
        name: 'irsa_guard_serving_certificate_expiry_timestamp_seconds',
        help: 'Expiry of the serving certificate, in seconds since 1970.',
        registers
      })
    ),
    configReloaded: withoutSample(
      new Gauge({
        name: 'irsa_guard_config_last_reload_successful',
        help: '1 if the configuration file was accepted when it last changed, 0 if it was refused and the previous configuration is still in use.',
        registers
      })
    ),
    configReloadedAt: withoutSample(
      new Gauge({
        name: 'irsa_guard_config_last_reload_success_timestamp_seconds',
        help: 'Time at which the configuration in use was read, in seconds since 1970.',
        registers
      })
    ),
    watchLastEvent: new Gauge({
      name: 'irsa_guard_watch_last_event_timestamp_seconds',
      help: 'Time of the last event from the API server for a watched collection, in seconds since 1970.',
      labelNames: ['collection'] as const,
      registers,
      collect() {
        for (const [collection, at] of Object.entries(lastEvents()))
          if (at) this.set({ collection }, at.getTime() / 1000)
      }
    })
  }
}

/** A counter with little overhead per call. `count` takes the values in the order of `labelNames`. */
export interface Tally {
  count(...labels: readonly string[]): void
}

/** A tree of counts: one branch for each value of the next label. */
interface Branch {
  count: number
  readonly next: Map<string, Branch>
}

/**
 * Counts in maps and passes the counts on at each scrape. prom-client validates and hashes labels in each
 * call, which would slow down every review.
 */
function buildTally(
  registry: Registry,
  options: { name: string; help: string; labelNames: readonly string[] }
): Tally {
  const root: Branch = { count: 0, next: new Map() }
  new Counter({
    ...options,
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, count } of leavesOf(root, [])) {
        this.inc(
          Object.fromEntries(options.labelNames.map((name, index) => [name, labels[index] ?? ''])),
          count
        )
      }
    }
  })

  return {
    count: (...labels) => {
      let branch = root
      for (const label of labels) {
        let next = branch.next.get(label)
        if (next === undefined) branch.next.set(label, (next = { count: 0, next: new Map() }))
        branch = next
      }
      branch.count++
    }
  }
}

/** A histogram with little overhead per call. */
interface Samples {
  observe(value: number): void
}

const batch = 1000

/**
 * Passes values on in batches, and passes on the remaining values at each scrape. A single call to
 * prom-client is slow, but a thousand calls in a row are fast.
 */
function buildSamples(
  registry: Registry,
  options: { name: string; help: string; buckets: number[] }
): Samples {
  const waiting: number[] = []
  const histogram = new Histogram({ ...options, registers: [registry], collect: () => handOver() })
  const handOver = (): void => {
    for (const value of waiting.splice(0)) histogram.observe(value)
  }

  return {
    observe: (value) => {
      if (waiting.push(value) >= batch) handOver()
    }
  }
}

function leavesOf(
  { count, next }: Branch,
  labels: readonly string[]
): { labels: readonly string[]; count: number }[] {
  const below = [...next].flatMap(([label, branch]) => leavesOf(branch, [...labels, label]))

  return count === 0 ? below : [{ labels, count }, ...below]
}
