import { found, unseen, withoutCredentials } from './causes.js'
import type { ErrorText } from './error-text.js'
import type { Values } from './values.js'

const messages = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html'

/** Whether the refused call was one to STS or EKS Auth. Other error texts explain these refusals better. */
const isAboutRoles = ({ action }: Values): boolean =>
  action !== undefined && /^(?:sts|eks-auth):/i.test(action)

/** Errors of programs that have credentials, but for the wrong role or for one that lacks a permission. */
export const permissionTexts: readonly ErrorText[] = [
  {
    id: 'node-role-refused',
    means: "the call was made with the node's role: the pod did not use its own",
    chain: 'both',
    printedBy: 'every AWS service',
    source: 'https://github.com/external-secrets/kubernetes-external-secrets/issues/452',
    forms: [['assumed-role/', 'is not authorized to perform']],
    when: (values) => values.instance !== undefined && !isAboutRoles(values),
    causes: [...withoutCredentials, unseen("the AWS SDK is too old to use the pod's own role", 'diagnose')]
  },
  {
    id: 'permission-missing',
    means: 'the program has credentials, but the policies of its role do not permit the action',
    chain: 'both',
    printedBy: 'every AWS service',
    source: messages,
    forms: [['assumed-role/', 'is not authorized to perform']],
    when: (values) => values.caller !== undefined && values.instance === undefined && !isAboutRoles(values),
    causes: [
      unseen('no policy of the role allows the action on this resource', 'permission'),
      found('pod-role-mismatch'),
      found('pod-identity-and-annotation'),
      found('annotated-account-unused')
    ]
  },
  {
    id: 'explicit-deny',
    means: 'a policy denies the action explicitly, so no other policy can allow it',
    chain: 'both',
    printedBy: 'every AWS service',
    source: messages,
    forms: [['with an explicit deny in a']],
    causes: [
      unseen(
        'the text names the kind of policy: service control, resource control, endpoint, session, boundary',
        'permission'
      ),
      found(
        'pod-role-mismatch',
        'the policy denies the action to this role, but the pod should have a different role'
      )
    ]
  },
  {
    id: 'ec2-unauthorized',
    means: "the program's role is not allowed to make this call to EC2",
    chain: 'both',
    printedBy: 'Amazon EC2',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html',
    forms: [['UnauthorizedOperation', 'You are not authorized to perform this operation']],
    isVague: true,
    causes: [
      unseen(
        'no policy of the role allows the call; decode-authorization-message shows which call',
        'permission'
      ),
      found('pod-not-mutated', "the pod has no role of its own and uses the node's"),
      found('pod-role-mismatch')
    ]
  },
  {
    id: 'further-role-refused',
    means: 'the program has a role, but that role is not allowed to assume another role',
    chain: 'both',
    printedBy: 'every AWS SDK and tool that assumes one role with another',
    source: messages,
    forms: [['is not authorized to perform: sts:AssumeRole on resource']],
    causes: [
      unseen('the trust policy of the next role does not name the first one', 'permission'),
      unseen('no policy of the first role allows sts:AssumeRole on the next one', 'permission'),
      found('pod-not-mutated', "the first role is the node's: the pod did not get its own"),
      unseen(
        "the pod already has this role, and the program's configuration names the same role again",
        'permission'
      )
    ]
  },
  {
    id: 'tag-session-refused',
    means: 'the session carries tags, and the trust policy of the next role does not allow them',
    chain: 'pod-identity',
    printedBy: 'every AWS SDK and tool that assumes one role with another',
    source: 'https://github.com/aws/eks-pod-identity-agent/issues/80',
    forms: [['is not authorized to perform: sts:TagSession']],
    causes: [
      unseen(
        'sessions of EKS Pod Identity carry tags; the next role must allow sts:TagSession, too',
        'permission'
      ),
      found('pod-identity-target-untrusted')
    ]
  },
  {
    id: 'role-not-found',
    means: 'the role does not exist',
    chain: 'both',
    printedBy: 'AWS IAM',
    source: 'https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html',
    forms: [['NoSuchEntity', 'The role with name', 'cannot be found']],
    causes: [
      found('role-missing', 'it was deleted or never created, or is in another account'),
      found('role-path-mismatch'),
      found('pod-identity-role-missing')
    ]
  },
  {
    id: 'trust-policy-refused',
    means: 'IAM does not accept the trust policy',
    chain: 'both',
    printedBy: 'AWS IAM, Terraform, CloudFormation',
    source: 'https://github.com/hashicorp/terraform-provider-aws/issues/32872',
    forms: [
      ['MalformedPolicyDocument'],
      ['AssumeRole policy may only specify STS AssumeRole actions'],
      ['Has prohibited field Resource']
    ],
    causes: [found('trust-policy-invalid')]
  },
  {
    id: 'trust-policy-too-long',
    means: 'the trust policy is longer than IAM permits in this account',
    chain: 'both',
    printedBy: 'AWS IAM, Terraform, CloudFormation',
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html',
    forms: [['Cannot exceed quota for ACLSizePerRole']],
    causes: [
      found('trust-policy-near-limit'),
      found('trust-policy-invalid', 'it is longer than any quota permits')
    ]
  }
]
