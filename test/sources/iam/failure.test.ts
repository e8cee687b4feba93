import t from 'tap'
import {
  credentialsFailureOf,
  failureOf,
  isAbsentError,
  isPassing
} from '../../../src/sources/iam/failure.js'

const errorOf = (name: string, fields: object = {}): Error =>
  Object.assign(new Error('secret'), { name, ...fields })

t.test('names the kind and what to do, and never quotes a message', async (t) => {
  const table: readonly (readonly [unknown, string, RegExp])[] = [
    [
      errorOf('Error', { code: 'ENOTFOUND' }),
      'unreachable',
      /^IAM is not reachable for iam:GetRole \(ENOTFOUND\)/
    ],
    [
      errorOf('Error', { cause: errorOf('Error', { code: 'CERT_HAS_EXPIRED' }) }),
      'unreachable',
      /\(CERT_HAS_EXPIRED\)/
    ],
    [errorOf('TimeoutError', { code: 'EPIPE' }), 'unreachable', /\(EPIPE\)|\(TimeoutError\)/],
    [errorOf('TimeoutError'), 'timeout', /in time$/],
    [errorOf('Error', { code: 'ETIMEDOUT' }), 'timeout', /in time$/],
    [errorOf('Strange name with blanks', { $metadata: { httpStatusCode: 418 } }), 'error', /\(HTTP 418\)$/],
    [errorOf('Error'), 'error', /\(an error without a name\)$/],
    ['thrown text', 'error', /\(an error without a name\)$/],
    [errorOf('Error', { code: 7 }), 'error', /without a name/],
    [errorOf('Forbidden', { $metadata: { httpStatusCode: 403 } }), 'refused', /\(Forbidden\)/]
  ]
  for (const [error, kind, because] of table) {
    const { failure } = failureOf(error, 'iam:GetRole')
    t.match(failure, { kind, because })
    t.notMatch(failure.because, /secret/)
  }
  t.match(failureOf(errorOf('Throttling'), 'sts:AssumeRole').failure.because, /^STS throttled/)
  t.match(
    credentialsFailureOf(errorOf('CredentialsProviderError')).failure.because,
    /^no usable AWS credentials/
  )
  t.match(credentialsFailureOf(errorOf('AccessDenied')).failure.because, /\(AccessDenied\)/)
})

t.test('tells absent and passing from the rest', async (t) => {
  t.ok(isAbsentError(errorOf('NoSuchEntityException')))
  t.notOk(
    isAbsentError(errorOf('NotFound', { $metadata: { httpStatusCode: 404 } })),
    "a proxy's 404 says nothing about a role"
  )
  t.ok(isPassing(errorOf('Error', { code: 'ECONNRESET' })))
  t.ok(isPassing(errorOf('Error', { $metadata: { httpStatusCode: 503 } })))
  t.notOk(isPassing(errorOf('AccessDenied', { $metadata: { httpStatusCode: 403 } })))
})
