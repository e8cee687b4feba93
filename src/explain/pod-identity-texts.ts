import { found, refusedToEks, unseen, withoutAgent } from './causes.js'
import type { ErrorText } from './error-text.js'

const agentChecks = 'https://github.com/aws/eks-pod-identity-agent/blob/main/internal/validation/request.go'

/** Errors of EKS Pod Identity: the agent, the EKS Auth API, and the calls that create associations. */
export const podIdentityTexts: readonly ErrorText[] = [
  {
    id: 'eks-may-not-assume',
    means: 'EKS found the association, but the trust policy of its role, or of the target role, refused EKS',
    chain: 'pod-identity',
    printedBy: 'every AWS SDK, the EKS Pod Identity Agent, CloudTrail',
    source:
      'https://github.com/aws-samples/eks-workshop-v2/blob/stable/website/docs/security/amazon-eks-pod-identity/understanding.md',
    forms: [['EKS does not have permissions to assume the associated role']],
    causes: refusedToEks
  },
  {
    id: 'cloudtrail-pod-identity-denied',
    means:
      'EKS could not assume the role of an association: the trust policy does not admit EKS, or there is no such role',
    chain: 'pod-identity',
    printedBy: 'CloudTrail',
    source: 'https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html',
    forms: [
      ['"eventName":"AssumeRoleForPodIdentity"', '"errorCode":"AccessDenied'],
      ['"errorCode":"AccessDenied', '"eventName":"AssumeRoleForPodIdentity"']
    ],
    causes: refusedToEks
  },
  {
    id: 'no-association',
    means: 'EKS has no association for the service account of this pod',
    chain: 'pod-identity',
    printedBy: 'every AWS SDK, the EKS Pod Identity Agent',
    source: 'https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html',
    forms: [['has no service account role association']],
    causes: [
      unseen('the association was deleted after the pod started, or is in another cluster', 'associations'),
      found('pod-identity-account-missing'),
      found('mutation-preempted', "the template sets the agent's variables itself")
    ]
  },
  {
    id: 'agent-unreachable',
    means: 'the container gets no response from the EKS Pod Identity Agent on its node',
    chain: 'pod-identity',
    printedBy: 'every AWS SDK, Secrets Store CSI driver',
    source: 'https://github.com/aws-samples/containers-blog-maelstrom/issues/123',
    forms: [
      ['timeout on endpoint URL: "http://169.254.170.23'],
      ['Could not connect to the endpoint URL: "http://169.254.170.23'],
      ['169.254.170.23', 'connection refused'],
      ['169.254.170.23', 'i/o timeout'],
      ['169.254.170.23', 'context deadline exceeded'],
      ['169.254.170.23', 'no route to host'],
      ['ECONNREFUSED 169.254.170.23'],
      ['EHOSTUNREACH 169.254.170.23'],
      ['ETIMEDOUT 169.254.170.23'],
      ['dial tcp [fd00:ec2::23]']
    ],
    causes: withoutAgent
  },
  {
    id: 'agent-behind-proxy',
    means: 'the program asked a proxy for the credentials of the EKS Pod Identity Agent',
    chain: 'pod-identity',
    printedBy: 'AWS SDKs for Go',
    source: 'https://github.com/awsdocs/amazon-eks-user-guide/pull/872',
    forms: [['169.254.170.23', 'proxyconnect tcp']],
    causes: [found('pod-identity-proxy')]
  },
  {
    id: 'sdk-too-old',
    means:
      'the AWS SDK in the program is too old for EKS Pod Identity: it does not accept the address of the agent',
    chain: 'pod-identity',
    printedBy: 'AWS SDKs for Go, JavaScript, Java and Python from before December 2023',
    source: 'https://github.com/peak/s5cmd/issues/807',
    forms: [
      ['invalid endpoint host, "169.254.170.23"'],
      ["Unsupported host '169.254.170.23'"],
      ['169.254.170.23 is not a valid container metadata service hostname'],
      ['169.254.170.23', 'has an invalid host. Host should resolve to a loopback address']
    ],
    causes: [
      unseen(
        'update the SDK; until then, use IRSA: remove the association and annotate the service account',
        'diagnose'
      ),
      found(
        'pod-identity-and-annotation',
        'an association was added, which disabled IRSA for a program that needs it'
      )
    ]
  },
  {
    id: 'agent-got-no-token',
    means: 'the program called the EKS Pod Identity Agent without a usable token',
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: agentChecks,
    forms: [['Service account token cannot be empty'], ['Service account token cannot be parsed']],
    causes: [
      found('pod-half-mutated'),
      found(
        'mutation-preempted',
        'the template sets AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or the volume itself'
      ),
      unseen('the program adds "Bearer " before the token; the agent expects the token alone', 'agent-log')
    ]
  },
  {
    id: 'agent-got-expired-token',
    means: 'the program gave the EKS Pod Identity Agent a token that has expired or is not valid yet',
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: agentChecks,
    forms: [['Service account token failed basic claim validations']],
    causes: [
      unseen(
        'the program read the token once; the kubelet renews the file, and SDKs read it again',
        'diagnose'
      ),
      unseen('the clock of the node is wrong', 'agent-log')
    ]
  },
  {
    id: 'agent-wrong-address',
    means: 'the program reached the EKS Pod Identity Agent at an address that the agent does not accept',
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: agentChecks,
    forms: [['Called agent through invalid address']],
    causes: [
      found('pod-identity-proxy', 'a proxy or sidecar rewrote the request'),
      found('mutation-preempted', 'the template sets AWS_CONTAINER_CREDENTIALS_FULL_URI itself')
    ]
  },
  {
    id: 'agent-without-ipv6',
    means: 'the EKS Pod Identity Agent cannot start on a node without IPv6',
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: 'https://github.com/aws/eks-pod-identity-agent/issues/16',
    forms: [['listen tcp [fd00:ec2::23]:80: bind: cannot assign requested address']],
    causes: [
      found(
        'pod-identity-agent-missing',
        'configure the add-on to use IPv4 only; until then, the node has no agent'
      )
    ]
  },
  {
    // AWS documents that the node's role needs this permission. The text follows the usual form of IAM's
    // messages, but is unverified.
    id: 'node-may-not-ask-eks',
    means: "the node's role is not allowed to ask EKS for the credentials of pods",
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: 'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html',
    forms: [['not authorized to perform: eks-auth:AssumeRoleForPodIdentity']],
    causes: [
      unseen(
        'attach AmazonEKSWorkerNodePolicy to the role, or allow the role eks-auth:AssumeRoleForPodIdentity',
        'agent-log'
      )
    ]
  },
  {
    id: 'eks-auth-unreachable',
    means: 'the EKS Pod Identity Agent gets no response from the EKS Auth API',
    chain: 'pod-identity',
    printedBy: 'EKS Pod Identity Agent',
    source: 'https://github.com/aws/eks-pod-identity-agent/issues/50',
    forms: [
      ['EKS Auth: AssumeRoleForPodIdentity', 'StatusCode: 0'],
      ['EKS Auth: AssumeRoleForPodIdentity', 'request send failed']
    ],
    causes: [
      unseen('a private subnet needs the VPC endpoint com.amazonaws.REGION.eks-auth', 'agent-log'),
      unseen(
        "the program gives up before EKS answers: raise the program's time limit, or update the agent",
        'agent-log'
      )
    ]
  },
  {
    id: 'container-role-error',
    means: 'the EKS Pod Identity Agent gave the program no credentials; the reason is in a later line',
    chain: 'pod-identity',
    printedBy: 'boto3, the AWS CLI, EKS Pod Identity Agent',
    source: 'https://github.com/boto/botocore/blob/develop/botocore/utils.py',
    forms: [
      ['Error when retrieving credentials from container-role'],
      ['Error fetching credentials: error getting credentials to cache'],
      ['unable to fetch credentials from EKS Auth']
    ],
    isVague: true,
    causes: [
      ...refusedToEks.slice(0, 3),
      found('pod-identity-agent-missing'),
      found('pod-identity-account-missing')
    ]
  },
  {
    id: 'session-tags-too-long',
    means: 'the session tags of EKS Pod Identity and the session policy do not fit into one session',
    chain: 'pod-identity',
    printedBy: 'CloudTrail, AWS STS',
    source: 'https://github.com/aws/containers-roadmap/issues/2413',
    forms: [['PackedPolicyTooLarge'], ['Packed size of session tags consumes']],
    causes: [
      unseen(
        'the names of the cluster, namespace and pod are too long: shorten them, or disable session tags',
        'associations'
      ),
      found('pod-identity-session-policy-invalid', 'the session policy of the association is too long')
    ]
  },
  {
    id: 'association-trust-invalid',
    means: 'EKS does not create the association: the role does not trust EKS Pod Identity',
    chain: 'pod-identity',
    printedBy: 'aws eks create-pod-identity-association, Terraform, CloudFormation, eksctl',
    source: 'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html',
    forms: [['Trust policy of the role provided is invalid']],
    causes: [found('pod-identity-principal-missing'), found('pod-identity-action-missing')]
  },
  {
    id: 'association-role-missing',
    means: 'EKS does not create the association: there is no such role',
    chain: 'pod-identity',
    printedBy: 'aws eks create-pod-identity-association, Terraform, CloudFormation, eksctl',
    source:
      'https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/pod_identity_association.go',
    forms: [['Role provided in the request does not exist']],
    causes: [
      found(
        'pod-identity-role-missing',
        'the ARN is wrong, or the role is in another account (in that case, use a target role)'
      ),
      unseen('the role is new; a new role can take up to two minutes to appear in IAM', 'associations')
    ]
  },
  {
    id: 'association-exists',
    means: 'the service account already has an association; each can have only one',
    chain: 'pod-identity',
    printedBy: 'aws eks create-pod-identity-association, Terraform, CloudFormation, eksctl',
    source: 'https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html',
    forms: [['CreatePodIdentityAssociation', 'Association already exists']],
    causes: [unseen('update the association instead of creating one', 'associations')]
  }
]
