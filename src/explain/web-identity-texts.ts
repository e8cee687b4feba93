import { found, refusedByTrustPolicy, unseen, withoutCredentials } from './causes.js'
import type { ErrorText } from './error-text.js'

/** Errors about the exchange of a service account's token for credentials: AssumeRoleWithWebIdentity of STS. */
export const webIdentityTexts: readonly ErrorText[] = [
  {
    id: 'sts-refuses-token',
    means:
      "STS refuses the pod's token for this role: the trust policy does not admit it, or there is no such role",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1935',
    forms: [['not authorized to perform: sts:AssumeRoleWithWebIdentity']],
    causes: refusedByTrustPolicy
  },
  {
    id: 'cloudtrail-web-identity-denied',
    means:
      "STS refused the pod's token for this role: the trust policy does not admit it, or there is no such role",
    chain: 'irsa',
    printedBy: 'CloudTrail',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html',
    forms: [
      ['"eventName":"AssumeRoleWithWebIdentity"', '"errorCode":"AccessDenied'],
      ['"errorCode":"AccessDenied', '"eventName":"AssumeRoleWithWebIdentity"']
    ],
    causes: refusedByTrustPolicy
  },
  {
    id: 'no-oidc-provider',
    means: "the role's account has no OIDC provider for the issuer of the pod's token",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1226',
    forms: [['No OpenIDConnect provider found in your account']],
    causes: [
      found(
        'oidc-provider-missing',
        'it was never created there, or the cluster was recreated and has a new issuer'
      ),
      found('role-arn-malformed', 'the account ID in the ARN is not the intended one'),
      found('pod-not-mutated', 'the pod should use EKS Pod Identity, but it is older than the association')
    ]
  },
  {
    id: 'wrong-token-audience',
    means: "the OIDC provider in IAM does not accept the audience of the pod's token",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/awslabs/amazon-eks-irsa-cfn/pull/18',
    forms: [['Incorrect token audience']],
    causes: [
      found('oidc-client-id-missing'),
      found('token-audience-mismatch'),
      found(
        'companion-annotation-invalid',
        "the service account's audience annotation is empty, so the token has the API server's audience"
      )
    ]
  },
  {
    id: 'no-verification-key',
    means: "STS could not read the keys of the cluster's issuer, so it could not verify the pod's token",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/aws/aws-cli/issues/7194',
    forms: [["Couldn't retrieve verification key from your identity provider"], ['IDPCommunicationError']],
    causes: [
      unseen('a temporary failure between STS and the issuer; a retry then succeeds', 'discovery'),
      unseen("the issuer's keys are not reachable from the internet (a self-managed cluster)", 'discovery'),
      found('oidc-provider-missing', 'the provider is that of a cluster that no longer exists')
    ]
  },
  {
    id: 'wrong-thumbprint',
    means: "the thumbprints of the OIDC provider do not match the certificate of the issuer's server",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2542',
    forms: [["OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"]],
    causes: [
      unseen(
        'the provider has the thumbprint of a leaf certificate or old CA; it needs that of the current CA',
        'providers'
      )
    ]
  },
  {
    id: 'token-expired',
    means: "the pod's token had expired when the program presented it to STS",
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/awslabs/aws-orbit-workbench/issues/771',
    forms: [['Token expired: current date/time'], ['ExpiredTokenException', 'AssumeRoleWithWebIdentity']],
    causes: [
      unseen(
        'the program read the token once; the kubelet renews the file, and SDKs read it again',
        'diagnose'
      ),
      unseen('the token is mounted with subPath, or was copied: in both cases it is not renewed', 'diagnose'),
      found('mutation-preempted', 'the template has its own token volume, with a short lifetime')
    ]
  },
  {
    id: 'session-expired',
    means: 'the temporary credentials have expired, and the program did not get new ones',
    chain: 'both',
    printedBy: 'every AWS service',
    source: 'https://github.com/aws/aws-sdk-js/issues/3807',
    forms: [['The security token included in the request is expired']],
    causes: [
      found(
        'static-credentials-shadow-role',
        'temporary keys are in the environment or a file, where they are not renewed'
      ),
      unseen('the renewal fails: look for an earlier error about STS or 169.254.170.23', 'diagnose'),
      unseen('the program keeps credentials instead of getting them from the SDK for each call', 'diagnose')
    ]
  },
  {
    id: 'unknown-key',
    means: "AWS does not know the access key that the program used; it is not a key of the pod's role",
    chain: 'both',
    printedBy: 'every AWS service',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html',
    forms: [['The security token included in the request is invalid']],
    causes: [
      found(
        'static-credentials-shadow-role',
        'a key in the environment or a file was deleted, or is incomplete'
      ),
      unseen('an opt-in region does not accept a session from the global STS endpoint', 'diagnose')
    ]
  },
  {
    id: 'role-arn-invalid',
    means: 'the role ARN that STS received is not valid',
    chain: 'irsa',
    printedBy: 'every AWS SDK and tool, when it assumes the role',
    source: 'https://github.com/prometheus-community/yet-another-cloudwatch-exporter/issues/343',
    forms: [['Request ARN is invalid'], ["at 'roleArn' failed to satisfy constraint"]],
    causes: [found('role-arn-malformed'), found('pod-role-mismatch', 'the template sets AWS_ROLE_ARN itself')]
  },
  {
    id: 'role-arn-unset',
    means: 'the container has a token path, but no role',
    chain: 'irsa',
    printedBy: 'AWS SDK for Go v1',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/67',
    forms: [['WebIdentityErr: role ARN is not set']],
    causes: [found('pod-half-mutated'), found('mutation-preempted')]
  },
  {
    id: 'token-unreadable',
    means: "the program is not permitted to read the pod's token file",
    chain: 'irsa',
    printedBy: 'AWS SDKs',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/8',
    forms: [
      ['eks.amazonaws.com/serviceaccount/token', 'permission denied'],
      ['permission denied', 'eks.amazonaws.com/serviceaccount/token'],
      ['eks.amazonaws.com/serviceaccount/token', 'is denied']
    ],
    causes: [
      unseen("the container runs as a different user than the file's owner; set fsGroup", 'diagnose'),
      found('mutation-preempted', 'the template has its own volume, with a restrictive defaultMode')
    ]
  },
  {
    id: 'token-file-missing',
    means: 'the container has a token path, but there is no file',
    chain: 'irsa',
    printedBy: 'AWS SDKs',
    source: 'https://github.com/aws/aws-sdk-go/blob/main/aws/credentials/stscreds/web_identity_provider.go',
    forms: [
      ['eks.amazonaws.com/serviceaccount/token', 'no such file or directory'],
      ['no such file or directory', 'eks.amazonaws.com/serviceaccount/token'],
      ["Can't open token file"],
      ['could not find a part of the path', 'eks.amazonaws.com']
    ],
    causes: [found('pod-half-mutated'), found('mutation-preempted'), found('windows-token-path')]
  },
  {
    id: 'sts-module-missing',
    means: 'the program cannot use a web identity: its dependencies lack the module for STS',
    chain: 'irsa',
    printedBy: 'AWS SDK for Java v2',
    source:
      'https://github.com/aws/aws-sdk-java-v2/blob/master/core/auth/src/main/java/software/amazon/awssdk/auth/credentials/internal/WebIdentityCredentialsUtils.java',
    forms: [["To use web identity tokens, the 'sts' service module must be on the class path"]],
    causes: [
      unseen('add software.amazon.awssdk:sts to the program; the cluster may be set up correctly', 'diagnose')
    ]
  },
  {
    id: 'sts-unreachable',
    means: 'the pod cannot reach STS',
    chain: 'irsa',
    printedBy: 'AWS SDKs',
    source: 'https://karpenter.sh/docs/troubleshooting/',
    forms: [
      ['dial tcp: lookup sts.'],
      ['https://sts.', 'i/o timeout'],
      ['https://sts.', 'context deadline exceeded'],
      ['Could not connect to the endpoint URL: "https://sts.'],
      ['Connect timeout on endpoint URL: "https://sts.'],
      ['getaddrinfo ENOTFOUND sts.']
    ],
    causes: [
      unseen('the subnet has no route to STS: create the VPC endpoint com.amazonaws.REGION.sts', 'diagnose'),
      unseen('a NetworkPolicy or a DNS problem in the cluster prevents the connection', 'diagnose')
    ]
  },
  {
    id: 'web-identity-error',
    means: 'the program tried to exchange its token for a role, and failed; the reason is in a later line',
    chain: 'irsa',
    printedBy: 'AWS SDKs for Go and .NET, Hadoop',
    source: 'https://github.com/aws/aws-sdk-net/issues/1522',
    forms: [
      ['WebIdentityErr: failed to retrieve credentials'],
      ['WebIdentityErr: failed fetching WebIdentity token'],
      ['operation error STS: AssumeRoleWithWebIdentity'],
      ['Error calling AssumeRole for role'],
      ['A token could not be loaded from the WebIdentityTokenFile'],
      ['No AWS Credentials provided by WebIdentityTokenCredentialsProvider']
    ],
    isVague: true,
    causes: [...refusedByTrustPolicy.slice(0, 4), found('oidc-provider-missing'), found('pod-half-mutated')]
  },
  {
    id: 'node-identity',
    means: "these are the credentials of the node's role, not of the pod's role",
    chain: 'both',
    printedBy: 'aws sts get-caller-identity',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/228',
    forms: [['assumed-role/']],
    when: ({ instance }) => instance !== undefined,
    isVague: true,
    causes: withoutCredentials
  }
]
