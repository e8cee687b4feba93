import type { Question } from './commands.js'

/** A likely cause of an error, and the question whose answer shows whether it is the cause. */
export interface Cause {
  /** The rule that finds this cause; undefined if no rule can. */
  readonly rule?: string
  /** Why the rule's problem, or something that no rule sees, leads to the error. One line. */
  readonly why: string
  readonly ask: Question
}

const known = {
  'trust-subject-mismatch': ['trust', 'the trust policy names another namespace or service account'],
  'trust-wildcard-literal': ['trust', 'a "*" in the subject is compared literally, as with StringEquals'],
  'trust-provider-mismatch': [
    'trust',
    'the trust policy names the OIDC provider of another cluster or account'
  ],
  'trust-condition-key-malformed': [
    'trust',
    'a condition key is not ISSUER:sub or ISSUER:aud of this cluster'
  ],
  'trust-audience-mismatch': ['trust', 'the trust policy requires a different audience than the token has'],
  'trust-action-missing': ['trust', 'no statement allows sts:AssumeRoleWithWebIdentity'],
  'trust-issuers-anded': ['trust', 'one statement requires the tokens of two clusters at once'],
  'trust-explicit-deny': ['trust', 'a Deny statement in the trust policy applies'],
  'trust-condition-unmeetable': [
    'trust',
    'a condition requires what no pod sends: an external ID, MFA, an organization'
  ],
  'trust-depends-on-runtime': ['trust', 'a condition on the source address or the VPC endpoint was not met'],
  'trust-policy-invalid': ['trust', 'IAM does not accept the trust policy'],
  'trust-policy-near-limit': ['trust', 'the trust policy is as long as IAM permits'],
  'role-missing': ['diagnose', 'the role does not exist; AWS answers as if it did not trust the pod'],
  'role-path-mismatch': [
    'diagnose',
    "the annotation lacks the role's path, or differs in upper and lower case"
  ],
  'role-arn-malformed': [
    'diagnose',
    'the annotation is not the ARN of a role: a policy, a name, a lost digit'
  ],
  'role-arn-partition-mismatch': ['diagnose', 'the role is in a different AWS partition than the cluster'],
  'role-annotation-misspelt': [
    'diagnose',
    'the annotation key is misspelled, so the identity webhook does not read it'
  ],
  'role-annotation-misplaced': [
    'diagnose',
    'the annotation is on the pod or workload; only the service account counts'
  ],
  'role-annotation-missing': ['diagnose', 'the service account requests no role'],
  'annotated-account-unused': ['diagnose', 'the pod runs as another service account, often default'],
  'annotation-not-a-string': [
    'check',
    'an annotation is a map, number or Boolean, as after helm --set with dots'
  ],
  'companion-annotation-invalid': [
    'diagnose',
    'an audience or token-expiration annotation has an invalid value'
  ],
  'token-audience-mismatch': ['diagnose', 'the token in the pod was made for another audience'],
  'service-account-missing': ['diagnose', 'the pod names a service account that does not exist'],
  'oidc-provider-missing': ['diagnose', "the role's account has no OIDC provider for the cluster's issuer"],
  'oidc-client-id-missing': [
    'diagnose',
    "the OIDC provider does not list the token's audience as a client ID"
  ],
  'pod-not-mutated': [
    'diagnose',
    'the identity webhook did not change the pod, so it has no role and no token'
  ],
  'pod-half-mutated': ['diagnose', 'the container lacks one of the variables, the mount or the token'],
  'pod-role-mismatch': ['diagnose', 'the container has a different role than its service account requests'],
  'mutation-preempted': [
    'diagnose',
    'the template sets a variable or volume, which the identity webhook does not override'
  ],
  'mutation-skipped': ['diagnose', 'the pod or the container opts out of the identity webhook'],
  'static-credentials-shadow-role': [
    'diagnose',
    'an access key, profile or credentials file is used before the role'
  ],
  'windows-token-path': [
    'diagnose',
    'a Windows pod without the node selector gets the Linux path of the token'
  ],
  'identity-webhook-missing': ['scan', 'no identity webhook is registered'],
  'identity-webhook-misses-pods': ['scan', 'the registration of the identity webhook excludes the pod'],
  'identity-webhook-duplicated': ['scan', 'two identity webhooks change the same pods'],
  'review-version-unsupported': ['scan', 'the registration lists v1, but the webhook answers v1beta1 only'],
  'webhook-backend-missing': ['scan', "the webhook's Service is missing, or has no ready endpoints"],
  'ca-bundle-untrusted': [
    'ca',
    'the caBundle lacks the CA that signed the certificate: another or an older CA'
  ],
  'ca-bundle-incomplete': ['ca', "the caBundle lacks one of the cluster's CAs, as during a rotation"],
  'ca-bundle-expired': ['ca', 'every certificate in the caBundle has expired'],
  'ca-bundle-unusable': [
    'ca',
    'the caBundle contains no certificate: it is empty, encoded twice, or not PEM'
  ],
  'ca-injection-broken': ['ca', 'the injector that should write the caBundle does not'],
  'pod-identity-role-missing': ['association', "the association's role or target role does not exist"],
  'pod-identity-principal-missing': ['association', 'the role does not trust pods.eks.amazonaws.com'],
  'pod-identity-action-missing': [
    'association',
    'the role allows only one of sts:AssumeRole and sts:TagSession'
  ],
  'pod-identity-tag-mismatch': [
    'association',
    'a condition requires another cluster, namespace or service account'
  ],
  'pod-identity-source-mismatch': [
    'association',
    'aws:SourceArn or aws:SourceAccount is not that of the cluster'
  ],
  'pod-identity-target-untrusted': ['association', "the target role does not admit the association's role"],
  'pod-identity-session-policy-invalid': [
    'check',
    'EKS does not accept the session policy of the association'
  ],
  'pod-identity-account-missing': ['diagnose', 'the association names another namespace or service account'],
  'pod-identity-and-annotation': ['diagnose', 'an association exists, so the annotated role is not used'],
  'pod-identity-shadows-irsa': [
    'diagnose',
    'the pod got the role of an association instead of the annotated one'
  ],
  'pod-identity-pod-outdated': ['diagnose', 'the pod is older than the last change of its association'],
  'pod-identity-agent-missing': ['agent', 'the EKS Pod Identity Agent does not run on the node'],
  'pod-identity-unsupported-node': ['diagnose', 'the pod is on Fargate or Windows, where no agent can run'],
  'pod-identity-proxy': ['diagnose', 'the request goes to a proxy, which cannot reach the agent']
} as const satisfies Readonly<Record<string, readonly [Question, string]>>

export type KnownCause = keyof typeof known

/** What a rule finds, as a cause. `why` replaces the usual explanation. */
export const found = (rule: KnownCause, why: string = known[rule][1]): Cause => ({
  rule,
  why,
  ask: known[rule][0]
})

/** A cause that no rule finds. */
export const unseen = (why: string, ask: Question): Cause => ({ why, ask })

/** Why STS refuses a service account's token although it is valid. */
export const refusedByTrustPolicy: readonly Cause[] = [
  found('trust-subject-mismatch'),
  found('role-missing'),
  found('trust-wildcard-literal'),
  found('trust-provider-mismatch'),
  found('trust-condition-key-malformed'),
  found('trust-audience-mismatch'),
  found('role-path-mismatch'),
  found('trust-action-missing'),
  found('trust-explicit-deny'),
  found('trust-depends-on-runtime')
]

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

/** Why a container has no credentials, or those of its node. */
export const withoutCredentials: readonly Cause[] = [
  found('pod-not-mutated'),
  found('annotated-account-unused'),
  found('role-annotation-missing'),
  found('pod-half-mutated'),
  found('role-annotation-misspelt'),
  found('role-annotation-misplaced'),
  found('pod-identity-account-missing'),
  found('ca-bundle-untrusted')
]

/** Why a container gets no answer from the EKS Pod Identity Agent. */
export const withoutAgent: readonly Cause[] = [
  found('pod-identity-agent-missing'),
  found('pod-identity-proxy'),
  found('pod-identity-unsupported-node'),
  unseen('a NetworkPolicy, a security group or iptables blocks 169.254.170.23 port 80', 'agent')
]
