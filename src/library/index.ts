export { checkObjects, type ObjectVerdict } from './check-objects.js'
export {
  evaluatePodIdentityTrust,
  type PodIdentityEvaluationQuestion
} from './evaluate-pod-identity-trust.js'
export { evaluateTrust, type TrustEvaluationQuestion } from './evaluate-trust.js'
export type { TrustVerdict } from './trust-verdict.js'
export type { PodIdentityQuestion } from '../trust-policy/pod-identity/caller.js'
export type { TrustQuestion } from '../trust-policy/judge.js'
export { GuardError, type GuardErrorCode } from '../model/guard-error.js'
export { predictTls, type TlsPrediction, type TlsPredictionQuestion } from './predict-tls.js'
export type { TlsQuestion } from '../x509/judge-tls.js'
export type { Finding, Problem, Severity, Unchecked } from '../model/finding.js'
