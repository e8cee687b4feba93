/** What became of one question to AWS: an answer, or why there is none. */
export type AwsResponse<T> = { readonly answer: T } | { readonly failure: Failure }

/** Why AWS gave no answer: a kind for lifetimes and metrics, and plain words that say what to do. */
export interface Failure {
  readonly kind: 'refused' | 'throttled' | 'timeout' | 'unreachable' | 'no-credentials' | 'not-ours' | 'error'
  readonly because: string
}

export const failed = (kind: Failure['kind'], because: string): { failure: Failure } => ({
  failure: { kind, because }
})
