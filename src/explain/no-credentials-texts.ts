import { found, unseen, withoutCredentials } from './causes.js'
import type { ErrorText } from './error-text.js'

/** An error text that says only that a program found no credentials. */
const nothingFound = (
  id: string,
  printedBy: string,
  source: string,
  forms: ErrorText['forms']
): ErrorText => ({
  id,
  means: 'the program found no credentials: the container has no role that it could use',
  chain: 'both',
  printedBy,
  source,
  forms,
  isVague: true,
  causes: withoutCredentials
})

/** Errors of programs that found no credentials, or tried to get them from the node. */
export const noCredentialsTexts: readonly ErrorText[] = [
  {
    id: 'instance-metadata-unreachable',
    means: "the program needs the node's metadata, which pods on this node cannot reach",
    chain: 'both',
    printedBy: 'AWS Load Balancer Controller',
    source: 'https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3937',
    forms: [
      ['failed to fetch VPC ID from instance metadata'],
      ['failed to introspect vpcID from EC2Metadata'],
      ['failed to introspect region from EC2Metadata']
    ],
    causes: [
      unseen('the hop limit of the metadata service is 1: pass the region and the VPC as flags', 'diagnose'),
      found(
        'pod-not-mutated',
        'a pod that gets its role also gets its region; the VPC must be passed in any case'
      )
    ]
  },
  {
    id: 'go-v2-no-role-on-node',
    means: 'the container has no role, and the program got none from the node either',
    chain: 'both',
    printedBy: 'AWS SDK for Go v2',
    source: 'https://github.com/aws/aws-sdk-go-v2/blob/main/credentials/ec2rolecreds/provider.go',
    forms: [['no EC2 IMDS role found']],
    isVague: true,
    causes: withoutCredentials
  },
  nothingFound(
    'go-v1-no-role-on-node',
    'AWS SDK for Go v1',
    'https://github.com/aws/aws-sdk-go/blob/main/aws/credentials/ec2rolecreds/ec2_role_provider.go',
    [['EC2RoleRequestError: no EC2 instance role found']]
  ),
  nothingFound(
    'go-v1-no-providers',
    'AWS SDK for Go v1',
    'https://github.com/aws/aws-sdk-go/blob/main/aws/credentials/chain_provider.go',
    [['NoCredentialProviders: no valid providers in chain']]
  ),
  nothingFound(
    'botocore-no-credentials',
    'boto3 and the AWS CLI',
    'https://github.com/boto/botocore/blob/develop/botocore/exceptions.py',
    [['Unable to locate credentials']]
  ),
  nothingFound(
    'js-v3-no-credentials',
    'AWS SDK for JavaScript v3',
    'https://github.com/aws/aws-sdk-js-v3/blob/main/packages/credential-provider-node/src/defaultProvider.ts',
    [['Could not load credentials from any providers']]
  ),
  nothingFound(
    'js-v2-no-credentials',
    'AWS SDK for JavaScript v2',
    'https://github.com/aws/aws-sdk-js/issues/2848',
    [['Missing credentials in config']]
  ),
  nothingFound(
    'java-v1-no-credentials',
    'AWS SDK for Java v1',
    'https://github.com/aws/aws-sdk-java/blob/master/aws-java-sdk-core/src/main/java/com/amazonaws/auth/AWSCredentialsProviderChain.java',
    [['Unable to load AWS credentials from any provider in the chain']]
  ),
  nothingFound(
    'java-v2-no-credentials',
    'AWS SDK for Java v2',
    'https://github.com/aws/aws-sdk-java-v2/blob/master/core/auth/src/main/java/software/amazon/awssdk/auth/credentials/AwsCredentialsProviderChain.java',
    [['Unable to load credentials from any of the providers in the chain']]
  ),
  nothingFound(
    'dotnet-no-credentials',
    'AWS SDK for .NET',
    'https://github.com/aws/aws-sdk-net/blob/main/sdk/src/Core/Amazon.Runtime/Credentials/FallbackCredentialsFactory.cs',
    [
      ['Unable to get IAM security credentials from EC2 Instance Metadata Service'],
      ['Failed to resolve AWS credentials. The credential providers used to search for credentials']
    ]
  ),
  nothingFound(
    'rust-no-credentials',
    'AWS SDK for Rust',
    'https://github.com/smithy-lang/smithy-rs/blob/main/aws/rust-runtime/aws-config/src/meta/credentials/chain.rs',
    [['no providers in chain provided credentials']]
  ),
  nothingFound(
    'php-no-credentials',
    'AWS SDK for PHP',
    'https://github.com/aws/aws-sdk-php/blob/master/src/Credentials/InstanceProfileProvider.php',
    [['Error retrieving credentials from the instance profile metadata']]
  ),
  nothingFound(
    'ruby-no-credentials',
    'AWS SDK for Ruby',
    'https://github.com/aws/aws-sdk-ruby/blob/version-3/gems/aws-sigv4/lib/aws-sigv4/signer.rb',
    [['unable to sign request without credentials set']]
  ),
  nothingFound('terraform-no-credentials', 'Terraform', 'https://github.com/pulumi/pulumi/issues/10303', [
    ['no valid credential sources for'],
    ['No valid credential sources found']
  ]),
  {
    id: 'cert-manager-ambient',
    means:
      "the Issuer names no access key, and cert-manager is not allowed to use its own pod's role instead",
    chain: 'both',
    printedBy: 'cert-manager',
    source: 'https://github.com/cert-manager/cert-manager/blob/master/pkg/issuer/acme/dns/route53/route53.go',
    forms: [['empty credentials; perhaps you meant to enable ambient credentials?']],
    causes: [
      unseen(
        "an Issuer needs cert-manager's --issuer-ambient-credentials; a ClusterIssuer needs no flag",
        'diagnose'
      )
    ]
  },
  {
    id: 'profile-missing',
    means: 'the program was told to use a profile that does not exist in the container',
    chain: 'both',
    printedBy: 'boto3 and the AWS CLI',
    source: 'https://github.com/boto/botocore/blob/develop/botocore/exceptions.py',
    forms: [['The config profile (', 'could not be found']],
    causes: [
      unseen('remove AWS_PROFILE or --profile: with the role of the pod, no profile is needed', 'diagnose'),
      found('static-credentials-shadow-role')
    ]
  },
  {
    id: 'region-missing',
    means: 'the program does not know its AWS region, which the identity webhook sets together with the role',
    chain: 'both',
    printedBy: 'boto3, the AWS CLI and AWS SDKs',
    source: 'https://github.com/boto/botocore/blob/develop/botocore/exceptions.py',
    forms: [
      ['You must specify a region'],
      ['MissingRegion: could not find region configuration'],
      ['Region is missing']
    ],
    isVague: true,
    causes: [
      found('pod-not-mutated'),
      found('role-annotation-missing'),
      unseen('the program unsets AWS_REGION, or this SDK reads another variable', 'diagnose')
    ]
  }
]
