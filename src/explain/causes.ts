import type { Question } from './commands.js'

/** A likely cause of an error, and which check shows whether it is the cause. */
export interface Cause {
  /** The rule that finds this cause; undefined if no rule can. */
  readonly rule?: string
  /** How the problem that the rule reports, or one that no rule can see, causes the error. One line. */
  readonly why: string
  readonly ask: Question
}

const byQuestion = {
  trust: {
    'trust-subject-mismatch': 'the trust policy names another namespace or service account',
    'trust-wildcard-literal': 'a "*" in the subject is compared literally, as with StringEquals',
    'trust-provider-mismatch': 'the trust policy names the OIDC provider of another cluster or account',
    'trust-condition-key-malformed': 'a condition key is not ISSUER:sub or ISSUER:aud of this cluster',
    'trust-audience-mismatch': 'the trust policy requires a different audience than the token has',
    'trust-action-missing': 'no statement allows sts:AssumeRoleWithWebIdentity',
    'trust-issuers-anded': 'one statement requires the tokens of two clusters at once',
    'trust-explicit-deny': 'a Deny statement in the trust policy applies',
    'trust-condition-unmeetable':
      'a condition requires something that no pod sends: an external ID, MFA, an organization',
    'trust-depends-on-runtime': 'a condition on the source address or the VPC endpoint was not met',
    'trust-policy-invalid': 'IAM does not accept the trust policy',
    'trust-policy-near-limit': "the trust policy is close to IAM's size limit"
  },
  diagnose: {
    'role-missing':
      'the role does not exist; AWS gives the same answer as for a role that does not trust the pod',
    'role-path-mismatch': "the annotation lacks the role's path, or its capitalization differs",
    'role-arn-malformed':
      'the annotation is not a valid role ARN; for example, it is a policy ARN or a name, or lacks a digit',
    'role-arn-partition-mismatch': 'the role is in a different AWS partition than the cluster',
    'role-annotation-misspelt': 'the annotation key is misspelled, so the identity webhook does not read it',
    'role-annotation-misplaced': 'the annotation is on the pod or workload; only the service account counts',
    'role-annotation-missing': 'the service account requests no role',
    'annotated-account-unused': 'the pod runs as another service account, often default',
    'companion-annotation-invalid': 'an audience or token-expiration annotation has an invalid value',
    'token-audience-mismatch': 'the token in the pod was issued for a different audience',
    'service-account-missing': 'the pod names a service account that does not exist',
    'oidc-provider-missing': "the role's account has no OIDC provider for the cluster's issuer",
    'oidc-client-id-missing': "the OIDC provider does not list the token's audience as a client ID",
    'pod-not-mutated': 'the identity webhook did not change the pod, so it has no role and no token',
    'pod-half-mutated': 'the container lacks one of the variables, the mount or the token',
    'pod-role-mismatch': 'the container has a different role than its service account requests',
    'mutation-preempted':
      'the template sets a variable or volume, which the identity webhook does not override',
    'mutation-skipped': 'the pod or the container opts out of the identity webhook',
    'static-credentials-shadow-role': 'an access key, profile or credentials file is used before the role',
    'windows-token-path': 'a Windows pod without the node selector gets the Linux path of the token',
    'pod-identity-account-missing': 'the association names another namespace or service account',
    'pod-identity-and-annotation': 'an association exists, so the annotated role is not used',
    'pod-identity-shadows-irsa': 'the pod got the role of an association instead of the annotated one',
    'pod-identity-pod-outdated': 'the pod is older than the last change to its association',
    'pod-identity-unsupported-node': 'the pod is on Fargate or Windows, where no agent can run',
    'pod-identity-proxy': 'the request goes to a proxy, which cannot reach the agent'
  },
  check: {
    'annotation-not-a-string':
      'an annotation is a map, number or Boolean, for example because of helm --set with unescaped dots',
    'pod-identity-session-policy-invalid': 'EKS does not accept the session policy of the association'
  },
  scan: {
    'identity-webhook-missing': 'no identity webhook is registered',
    'identity-webhook-misses-pods': 'the registration of the identity webhook excludes the pod',
    'identity-webhook-duplicated': 'two identity webhooks change the same pods',
    'review-version-unsupported': 'the registration lists v1, but the webhook answers only in v1beta1',
    'webhook-backend-missing': "the webhook's Service is missing, or has no ready endpoints"
  },
  ca: {
    'ca-bundle-untrusted':
      'the caBundle lacks the CA that signed the certificate: it contains a different or older CA',
    'ca-bundle-incomplete': "the caBundle lacks one of the cluster's CAs, as during a rotation",
    'ca-bundle-expired': 'every certificate in the caBundle has expired',
    'ca-bundle-unusable': 'the caBundle contains no certificate: it is empty, encoded twice, or not PEM',
    'ca-injection-broken': 'the injector that should write the caBundle does not'
  },
  association: {
    'pod-identity-role-missing': "the association's role or target role does not exist",
    'pod-identity-principal-missing': 'the role does not trust pods.eks.amazonaws.com',
    'pod-identity-action-missing':
      "the role's trust policy allows only one of sts:AssumeRole and sts:TagSession, or neither",
    'pod-identity-tag-mismatch': 'a condition requires a different cluster, namespace or service account',
    'pod-identity-source-mismatch': 'aws:SourceArn or aws:SourceAccount is not that of the cluster',
    'pod-identity-target-untrusted': "the target role does not admit the association's role"
  },
  agent: {
    'pod-identity-agent-missing': 'the EKS Pod Identity Agent is not running on the node'
  }
} as const satisfies { readonly [Q in Question]?: Readonly<Record<string, string>> }

type ByQuestion = typeof byQuestion
export type KnownCause = { [Q in keyof ByQuestion]: keyof ByQuestion[Q] }[keyof ByQuestion]

const known = Object.fromEntries(
  Object.entries(byQuestion).flatMap(([ask, whys]) =>
    Object.entries(whys).map(([rule, why]) => [rule, { rule, why, ask }])
  )
) as Readonly<Record<KnownCause, Cause>> // Object.entries loses the type of the keys

/** The problem that a rule reports, as a cause. `why` replaces the usual explanation. */
export const found = (rule: KnownCause, why?: string): Cause => ({
  ...known[rule],
  ...(why !== undefined && { why })
})

const allFound = (...rules: readonly KnownCause[]): readonly Cause[] => rules.map((rule) => found(rule))

/** A cause that no rule finds. */
export const unseen = (why: string, ask: Question): Cause => ({ why, ask })

/** Why STS refuses a service account's token although it is valid. */
export const refusedByTrustPolicy: readonly Cause[] = allFound(
  'trust-subject-mismatch',
  'role-missing',
  'trust-wildcard-literal',
  'trust-provider-mismatch',
  'trust-condition-key-malformed',
  'trust-audience-mismatch',
  'role-path-mismatch',
  'trust-action-missing',
  'trust-explicit-deny',
  'trust-depends-on-runtime'
)

/** Why EKS cannot assume the role of an association. */
export const refusedToEks: readonly Cause[] = [
  found('pod-identity-principal-missing'),
  found('pod-identity-action-missing'),
  found('pod-identity-tag-mismatch'),
  found('pod-identity-source-mismatch'),
  found('pod-identity-role-missing'),
  found('pod-identity-target-untrusted'),
  { ...found('trust-explicit-deny'), ask: 'association' }
]

/** Why a container has no credentials, or has those of its node. */
export const withoutCredentials: readonly Cause[] = allFound(
  'pod-not-mutated',
  'annotated-account-unused',
  'role-annotation-missing',
  'pod-half-mutated',
  'role-annotation-misspelt',
  'role-annotation-misplaced',
  'pod-identity-account-missing',
  'ca-bundle-untrusted'
)

/** Why a container gets no response from the EKS Pod Identity Agent. */
export const withoutAgent: readonly Cause[] = [
  found('pod-identity-agent-missing'),
  found('pod-identity-proxy'),
  found('pod-identity-unsupported-node'),
  unseen('a NetworkPolicy, a security group or iptables blocks 169.254.170.23 port 80', 'agent')
]
