import { defaultIdentityWebhook, withAnnotationPrefix } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { accountOf, annotated, identityWebhook } from '../support/accounts.js'
import { role } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const facts = { identityWebhook }
const wrong = [
  'eks.amazon.com/role-arn',
  'eks.amazonaws.com/role-arm',
  'eks.amazonaws.com/rolearn',
  'eks.amazonaws.com/role_arn',
  'eks.amazonaws.com/Role-ARN',
  'eks.amazonaws.com/role',
  'eks.amazonaws.com/iam-role',
  'esk.amazonaws.com/role-arn',
  'amazonaws.com/role-arn',
  'eks.aws.com/role-arn',
  'iam.amazonaws.com/role-arn'
]
// Annotations that real service accounts carry and that must not be reported.
const right = [
  'eks.amazonaws.com/audience',
  'eks.amazonaws.com/sts-regional-endpoints',
  'eks.amazonaws.com/token-expiration',
  'meta.helm.sh/release-name',
  'iam.gke.io/gcp-service-account',
  'azure.workload.identity/client-id',
  'kubectl.kubernetes.io/last-applied-configuration',
  'ignore.irsa-guard.io/role-arn-malformed',
  'iam.amazonaws.com/permitted',
  'services.k8s.aws/owner-account-id',
  'example.com/role-arn',
  'role-arn'
]

export const cases: readonly Case[] = [
  ...wrong.map((key) => ({
    why: key,
    object: accountOf({ [key]: role }),
    facts,
    field: `metadata.annotations["${key}"]`,
    message: /did you mean eks.amazonaws.com\/role-arn\?/
  })),
  ...right.map((key) => ({ why: key, object: accountOf({ [key]: role }), facts })),
  {
    why: 'a typo with a bad value',
    object: accountOf({ 'eks.amazonaws.com/role-ar': 'x' }),
    facts,
    message: /did you mean/
  },
  {
    why: 'very different, and the value is not a role ARN',
    object: accountOf({ 'eks.amazonaws.com/role': 'admin' }),
    facts
  },
  {
    why: 'kube2iam',
    object: accountOf({ 'iam.amazonaws.com/role': 'cart' }),
    facts,
    message: /"iam.amazonaws.com\/role"/,
    fix: /if you use kube2iam or kiam/
  },
  {
    why: 'the correct key is present, too',
    object: accountOf({ ...annotated, 'iam.amazonaws.com/role': 'cart' }),
    facts
  },
  {
    why: 'a different prefix',
    object: accountOf({ 'aws.example/role-arm': role }),
    facts: { identityWebhook: known(withAnnotationPrefix(defaultIdentityWebhook, 'aws.example')) },
    message: /did you mean aws.example\/role-arn/
  },
  { why: 'no such annotation', object: accountOf(), facts }
]
