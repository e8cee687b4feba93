import { buildBudget } from '../iam/budget.js'
import { type Clock, systemClock } from '../iam/clock.js'
import type { Failure } from '../iam/failure.js'
import { buildEksCalls } from './calls.js'
import { buildEksReader, type EksReader } from './reader.js'
import type { EksSenderOptions } from './send.js'

export interface EksSourceOptions extends Partial<Omit<EksSenderOptions, 'cluster'>> {
  readonly cluster: EksSenderOptions['cluster']
  /** The maximum number of EKS requests per second: 3 by default, and at least 10 if `patient`. */
  readonly requestsPerSecond?: number
  readonly clock?: Clock
  /** Called for each lookup that fails. */
  readonly onFailure?: (failure: Failure) => void
  /** The maximum age of a description in milliseconds: see `EksReaderOptions`. */
  readonly maxAge?: number | undefined
  /** Called when an association has changed: see `EksReaderOptions`. */
  readonly onChange?: ((namespace: string | undefined) => void) | undefined
}

const patientRate = 10

/**
 * Builds the source of EKS Pod Identity associations that queries the API, with a rate limit of its own.
 * Credentials come from the SDK's default chain, or from the role that is configured for the cluster's
 * account. The function sends no request. Throws ERR_CONFIG if the role configured for an account belongs to
 * a different account.
 */
export function buildEksSource(options: EksSourceOptions): EksReader {
  const { requestsPerSecond = 3, clock = systemClock, patient = false, onFailure = () => undefined } = options
  const calls = buildEksCalls({
    cluster: options.cluster,
    endpoint: options.endpoint,
    accounts: options.accounts ?? [],
    patient,
    onRequest: options.onRequest ?? (() => undefined),
    onStsRequest: options.onStsRequest ?? (() => undefined)
  })
  const budget = buildBudget({
    requestsPerSecond: patient ? Math.max(requestsPerSecond, patientRate) : requestsPerSecond,
    waitingPerNamespace: patient ? Infinity : 100,
    clock
  })

  return buildEksReader({
    calls,
    budget,
    clock,
    onFailure,
    maxAge: options.maxAge,
    onChange: options.onChange
  })
}
