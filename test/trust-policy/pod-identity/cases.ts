import type { PodIdentityQuestion } from '../../../src/trust-policy/pod-identity/caller.js'
import {
  clusterArn,
  externalId,
  one,
  own,
  podsService,
  podStatement,
  roleArn,
  when
} from '../../support/pod-identity.js'
import { annotation, policy, provider, statement } from '../../support/trust.js'

/** One document, and what is said of it for shop/cart of cluster prod. */
export interface PodIdentityCase {
  readonly why: string
  readonly document: unknown
  readonly asked?: Partial<PodIdentityQuestion>
  readonly verdict: 'allowed' | 'denied' | 'depends' | 'invalid'
  readonly miss?: string
  /** A part of the first failing condition's difference, or of the principal's. */
  readonly difference?: RegExp
  readonly expected?: string
  readonly missing?: readonly string[]
  readonly dependsOn?: readonly string[]
  readonly undocumented?: RegExp
  readonly overPermissive?: boolean
  readonly statement?: number
}

/** A class of cases, and where their expectations come from. */
export interface PodIdentityClass {
  readonly class: string
  readonly source: string
  readonly cases: readonly PodIdentityCase[]
}

const eks = 'https://docs.aws.amazon.com/eks/latest/userguide/'
const iam = 'https://docs.aws.amazon.com/IAM/latest/UserGuide/'

type More = Partial<PodIdentityCase>
const allowed = (why: string, document: unknown, more: More = {}): PodIdentityCase => ({
  why,
  document,
  verdict: 'allowed',
  ...more
})
const denied = (why: string, document: unknown, miss: string, more: More = {}): PodIdentityCase => ({
  why,
  document,
  verdict: 'denied',
  miss,
  ...more
})
const depends = (why: string, document: unknown, more: More = {}): PodIdentityCase => ({
  why,
  document,
  verdict: 'depends',
  ...more
})
const invalid = (why: string, document: unknown, more: More = {}): PodIdentityCase => ({
  why,
  document,
  verdict: 'invalid',
  miss: 'invalid',
  ...more
})

const untagged = { asked: { sessionTags: false } } as const
const tag = (name: string): string => `aws:RequestTag/${name}`
const equals = (keys: object): object => when({ StringEquals: keys })
const like = (keys: object): object => when({ StringLike: keys })
const byTag = (name: string, value: unknown): object => equals({ [tag(name)]: value })
const deny = (condition: unknown, more: object = {}): object =>
  policy(podStatement(), podStatement({ Effect: 'Deny', Condition: condition, ...more }))
const arnOf = (name: string, region = 'us-east-1', account = '111122223333'): string =>
  `arn:aws:eks:${region}:${account}:cluster/${name}`
const wide = { overPermissive: true } as const
const narrow = { overPermissive: false } as const

const target = { asked: { firstRole: { arn: roleArn } } } as const
const untaggedTarget = { asked: { firstRole: { arn: roleArn }, sessionTags: false } } as const
const trusting = (aws: unknown, parts: object = {}): object => one({ Principal: { AWS: aws }, ...parts })
const rootArn = 'arn:aws:iam::111122223333:root'
const twoStatements = (condition: unknown, principal: unknown = roleArn): object =>
  policy(
    podStatement({ Principal: { AWS: principal }, Action: 'sts:AssumeRole', Condition: condition }),
    podStatement({ Principal: { AWS: principal }, Action: 'sts:TagSession' })
  )

export const classes: readonly PodIdentityClass[] = [
  {
    class: 'principals',
    source: `${eks}pod-id-role.html, ${iam}reference_policies_elements_principal.html`,
    cases: [
      allowed('the form of the guide', one(), wide),
      allowed('in text', JSON.stringify(one())),
      allowed('percent-encoded', encodeURIComponent(JSON.stringify(one())), { asked: { encoding: 'url' } }),
      allowed('among other services', one({ Principal: { Service: ['ec2.amazonaws.com', podsService] } })),
      allowed('beside IRSA, in the middle of a migration', policy(statement(), podStatement()), {
        statement: 1
      }),
      allowed('in China', one(), {
        asked: { clusterArn: 'arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod' }
      }),
      denied('the role of IRSA', policy(statement()), 'principal', {
        difference: /OIDC provider/,
        statement: 0
      }),
      denied('EC2', one({ Principal: { Service: 'ec2.amazonaws.com' } }), 'principal', {
        difference: /another AWS service/
      }),
      denied('the control plane', one({ Principal: { Service: 'eks.amazonaws.com' } }), 'principal', {
        difference: /another service of EKS/
      }),
      denied('Fargate', one({ Principal: { Service: 'eks-fargate-pods.amazonaws.com' } }), 'principal', {
        difference: /another service of EKS/
      }),
      denied('a typo', one({ Principal: { Service: 'pod.eks.amazonaws.com' } }), 'principal', {
        difference: /misspelled/
      }),
      denied('a blank', one({ Principal: { Service: `${podsService} ` } }), 'principal', {
        difference: /misspelled/
      }),
      denied('under AWS', one({ Principal: { AWS: podsService } }), 'principal', {
        difference: /under AWS; expected Service/
      }),
      invalid('a web address', one({ Principal: { Federated: `https://${podsService}` } })),
      denied('under Federated', one({ Principal: { Federated: podsService } }), 'principal', {
        difference: /under Federated/
      }),
      denied('an account', one({ Principal: { AWS: '111122223333' } }), 'principal'),
      denied('a user', one({ Principal: { CanonicalUser: 'x' } }), 'principal'),
      denied(
        'only a Deny',
        policy(podStatement({ Effect: 'Deny', Principal: { Service: 'ec2.amazonaws.com' } })),
        'principal'
      ),
      denied(
        'the name in China of another partition',
        one({ Principal: { Service: `${podsService}.cn` } }),
        'principal'
      ),
      // unverified: whether IAM compares the names of services by case, and a second name in China
      depends('another case', one({ Principal: { Service: 'Pods.eks.amazonaws.com' } }), {
        undocumented: /different capitalization/
      }),
      depends('a Chinese name', one({ Principal: { Service: `${podsService}.cn` } }), {
        undocumented: /\.cn is a principal/,
        asked: { clusterArn: 'arn:aws-cn:eks:cn-north-1:111122223333:cluster/prod' }
      }),
      depends('everyone', one({ Principal: { AWS: '*' } }), { undocumented: /covers AWS services/, ...wide }),
      denied(
        'a policy without statements for us beside',
        policy(podStatement({ Principal: { Service: 'x.amazonaws.com' } }), statement()),
        'principal'
      )
    ]
  },
  {
    class: 'actions',
    source: `${eks}pod-id-role.html; TagSession without tags: https://github.com/hashicorp/terraform-provider-aws/issues/41483`,
    cases: [
      denied('no TagSession', one({ Action: 'sts:AssumeRole' }), 'action', {
        missing: ['sts:TagSession'],
        ...wide
      }),
      denied('no AssumeRole', one({ Action: 'sts:TagSession' }), 'action', { missing: ['sts:AssumeRole'] }),
      denied('neither', one({ Action: 'sts:SetSourceIdentity' }), 'action', {
        missing: ['sts:AssumeRole', 'sts:TagSession']
      }),
      denied('the action of IRSA', one({ Action: 'sts:AssumeRoleWithWebIdentity' }), 'action'),
      denied(
        'TagSession for IRSA only',
        policy(podStatement({ Action: 'sts:AssumeRole' }), statement({ Action: 'sts:TagSession' })),
        'action',
        { missing: ['sts:TagSession'], statement: 0 }
      ),
      denied('all but TagSession', one({ Action: undefined, NotAction: 'sts:TagSession' }), 'action', {
        missing: ['sts:TagSession']
      }),
      allowed('everything', one({ Action: 'sts:*' })),
      allowed('a pattern', one({ Action: ['sts:Assume*', 'sts:Tag*'] })),
      allowed('other case', one({ Action: ['STS:assumerole', 'sts:TAGSESSION'] })),
      allowed('all but another', one({ Action: undefined, NotAction: 'sts:AssumeRoleWithSAML' })),
      allowed(
        'two statements',
        policy(podStatement({ Action: 'sts:AssumeRole' }), podStatement({ Action: 'sts:TagSession' })),
        { statement: 0 }
      ),
      // Not documented; every example of AWS keeps TagSession.
      depends('no TagSession, tags disabled', one({ Action: 'sts:AssumeRole' }), {
        ...untagged,
        undocumented: /whether EKS needs sts:TagSession/
      }),
      allowed('both, tags disabled', one(), untagged),
      denied('no AssumeRole, tags disabled', one({ Action: 'sts:TagSession' }), 'action', untagged),
      denied('neither, tags disabled', one({ Action: 'sts:SetSourceIdentity' }), 'action', {
        ...untagged,
        missing: ['sts:AssumeRole', 'sts:TagSession']
      }),
      depends('a Deny of TagSession, tags disabled', deny(undefined, { Action: 'sts:TagSession' }), {
        ...untagged,
        undocumented: /whether EKS needs/
      }),
      denied('a Deny of TagSession', deny(undefined, { Action: 'sts:TagSession' }), 'explicit-deny', {
        statement: 1
      }),
      denied('a Deny of AssumeRole', deny(undefined, { Action: 'sts:AssumeRole' }), 'explicit-deny', {
        statement: 1
      })
    ]
  },
  {
    class: 'session tags',
    source: `${eks}pod-id-abac.html, ${iam}reference_policies_condition-keys.html#condition-keys-requesttag`,
    cases: [
      allowed('all limits', when(own()), narrow),
      allowed('the ARN of the cluster', byTag('eks-cluster-arn', clusterArn), narrow),
      allowed('the name of the cluster', byTag('eks-cluster-name', 'prod'), narrow),
      allowed('the namespace', byTag('kubernetes-namespace', 'shop'), narrow),
      allowed('the service account alone', byTag('kubernetes-service-account', 'cart'), wide),
      allowed('one of several', byTag('kubernetes-namespace', ['web', 'shop'])),
      allowed('keys in other case', equals({ 'AWS:requestTAG/Kubernetes-Namespace': 'shop' }), narrow),
      allowed('a pattern', like({ [tag('kubernetes-namespace')]: 'sh?p*' }), narrow),
      allowed('all namespaces', like({ [tag('kubernetes-namespace')]: '*' }), wide),
      allowed('whatever case', when({ StringEqualsIgnoreCase: { [tag('kubernetes-namespace')]: 'SHOP' } })),
      allowed('any pod', like({ [tag('kubernetes-pod-name')]: '*' })),
      depends('one pod', byTag('kubernetes-pod-name', 'cart-5d4f'), {
        dependsOn: [tag('kubernetes-pod-name')]
      }),
      depends('one uid', byTag('kubernetes-pod-uid', 'x'), { dependsOn: [tag('kubernetes-pod-uid')] }),
      allowed(
        'the same tag twice',
        equals({ [tag('kubernetes-namespace')]: '${aws:RequestTag/kubernetes-namespace}' }),
        wide
      ),
      denied('another namespace', byTag('kubernetes-namespace', 'web'), 'tag', {
        difference: /the namespace differs/,
        ...narrow
      }),
      denied('another service account', byTag('kubernetes-service-account', 'mail'), 'tag', {
        difference: /the service account differs/
      }),
      denied('another cluster', byTag('eks-cluster-name', 'dev'), 'tag', {
        difference: /the cluster differs/
      }),
      denied('the ARN of another cluster', byTag('eks-cluster-arn', arnOf('dev')), 'tag', {
        difference: /the cluster differs/
      }),
      denied('another region', byTag('eks-cluster-arn', arnOf('prod', 'eu-west-1')), 'tag', {
        difference: /the region differs/
      }),
      denied('another account', byTag('eks-cluster-arn', arnOf('prod', 'us-east-1', '444455556666')), 'tag', {
        difference: /the AWS account differs/
      }),
      denied(
        'another partition',
        byTag('eks-cluster-arn', clusterArn.replace('arn:aws', 'arn:aws-cn')),
        'tag',
        { difference: /partition/ }
      ),
      denied('a name for an ARN', byTag('eks-cluster-arn', 'prod'), 'tag', {
        difference: /the name of the cluster, not its ARN/
      }),
      denied('an ARN for a name', byTag('eks-cluster-name', clusterArn), 'tag', {
        difference: /only the name of the cluster/
      }),
      denied('no ARN', byTag('eks-cluster-arn', 'x'), 'tag', { difference: /not the ARN of a cluster/ }),
      denied('a subject', byTag('kubernetes-service-account', 'system:serviceaccount:shop:cart'), 'tag', {
        difference: /only the name/
      }),
      denied('namespace and name', byTag('kubernetes-service-account', 'shop/cart'), 'tag', {
        difference: /only the name/
      }),
      denied('swapped, namespace', byTag('kubernetes-namespace', 'cart'), 'tag', {
        difference: /name of the service account/
      }),
      denied('swapped, account', byTag('kubernetes-service-account', 'shop'), 'tag', {
        difference: /name of the namespace/
      }),
      denied('values have case', byTag('kubernetes-namespace', 'Shop'), 'tag', {
        difference: /capitalization/
      }),
      denied('a blank', byTag('kubernetes-namespace', 'shop '), 'tag', { difference: /spaces/ }),
      denied('a literal wildcard', byTag('kubernetes-namespace', 'sh*'), 'tag', { difference: /literally/ }),
      denied('excluded', when({ StringNotEquals: { [tag('kubernetes-namespace')]: 'shop' } }), 'tag', {
        difference: /excludes/
      }),
      denied('must be missing', when({ Null: { [tag('kubernetes-namespace')]: 'true' } }), 'tag', {
        difference: /EKS sends this key/
      }),
      allowed('must be there', when({ Null: { [tag('kubernetes-namespace')]: 'false' } })),
      allowed(
        'another one is excluded',
        when({ StringNotEquals: { [tag('kubernetes-namespace')]: 'web' } }),
        wide
      ),
      denied(
        'the nearest of two',
        policy(
          podStatement({
            Condition: own({ [tag('kubernetes-namespace')]: 'x', 'aws:SourceArn': arnOf('y') })
          }),
          podStatement({ Condition: own({ [tag('kubernetes-namespace')]: 'x' }) })
        ),
        'tag',
        { statement: 1 }
      ),
      denied(
        'a tag before a source',
        equals({ 'aws:SourceArn': arnOf('y'), [tag('kubernetes-namespace')]: 'x' }),
        'tag'
      )
    ]
  },
  {
    class: 'misspelled keys of tags',
    source: `${eks}pod-id-abac.html`,
    cases: [
      ...(
        [
          ['kubernetes-namspace', 'kubernetes-namespace'],
          ['kubernetes_namespace', 'kubernetes-namespace'],
          ['namespace', 'kubernetes-namespace'],
          ['kubernetesNamespace', 'kubernetes-namespace'],
          ['k8s-namespace', 'kubernetes-namespace'],
          ['eks-namespace', 'kubernetes-namespace'],
          ['kubernetes-serviceaccount', 'kubernetes-service-account'],
          ['service-account', 'kubernetes-service-account'],
          ['cluster-name', 'eks-cluster-name'],
          ['eks:cluster-name', 'eks-cluster-name'],
          ['kubernetes-cluster-arn', 'eks-cluster-arn'],
          ['pod-name', 'kubernetes-pod-name']
        ] as const
      ).map(([name, meant]) =>
        denied(name, byTag(name, 'x'), 'tag', { difference: /no such tag/, expected: tag(meant) })
      ),
      denied('a tag of somebody', byTag('team', 'x'), 'tag', { difference: /EKS sends no such tag/ }),
      denied(
        'as the tag of a principal',
        equals({ 'aws:PrincipalTag/kubernetes-namespace': 'shop' }),
        'tag',
        { difference: /has no principal tags/, expected: tag('kubernetes-namespace') }
      ),
      denied('another tag of a principal', equals({ 'aws:PrincipalTag/team': 'x' }), 'tag'),
      denied('a typo before the slash', equals({ 'aws:RequestTags/kubernetes-namespace': 'shop' }), 'tag', {
        expected: tag('kubernetes-namespace')
      }),
      denied('no prefix', equals({ 'kubernetes-namespace': 'shop' }), 'tag', {
        expected: tag('kubernetes-namespace')
      }),
      denied('the prefix of EKS', equals({ 'eks:kubernetes-namespace': 'shop' }), 'tag', {
        expected: tag('kubernetes-namespace')
      }),
      allowed(
        'a misspelled key that need not exist',
        when({ StringEqualsIfExists: { [tag('namespace')]: 'x' } }),
        wide
      ),
      allowed('a misspelled key that must not exist', when({ Null: { [tag('namespace')]: 'true' } }))
    ]
  },
  {
    class: 'session tags that are disabled',
    source: `${eks}pod-id-abac.html, ${iam}reference_policies_elements_condition_operators.html`,
    cases: [
      denied('a tag is required', byTag('kubernetes-namespace', 'shop'), 'tag', {
        ...untagged,
        difference: /disables session tags/
      }),
      denied('any tag is required', like({ [tag('kubernetes-namespace')]: '*' }), 'tag', untagged),
      denied(
        'a tag is required, and TagSession is missing, which alone denies nothing',
        one({
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { [tag('kubernetes-namespace')]: 'shop' } }
        }),
        'tag',
        { ...untagged, difference: /disables session tags/ }
      ),
      denied(
        'tags must be there',
        when({ Null: { [tag('kubernetes-namespace')]: 'false' } }),
        'tag',
        untagged
      ),
      denied(
        'keys of tags are required',
        when({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'kubernetes-namespace' } }),
        'tag',
        { ...untagged, difference: /disables session tags/ }
      ),
      allowed('IfExists', when({ StringEqualsIfExists: { [tag('kubernetes-namespace')]: 'web' } }), {
        ...untagged,
        ...wide
      }),
      allowed('ForAllValues', when({ 'ForAllValues:StringEquals': { 'aws:TagKeys': 'x' } }), {
        ...untagged,
        ...wide
      }),
      allowed('negated', when({ StringNotEquals: { [tag('kubernetes-namespace')]: 'shop' } }), untagged),
      allowed('must not be there', when({ Null: { [tag('kubernetes-namespace')]: 'true' } }), untagged),
      allowed('the source', equals({ 'aws:SourceArn': clusterArn }), { ...untagged, ...narrow }),
      denied(
        'a Deny of others',
        deny({ StringNotEquals: { [tag('kubernetes-namespace')]: 'shop' } }),
        'explicit-deny',
        untagged
      ),
      depends(
        'a tag that TagSession alone requires',
        policy(
          podStatement({ Action: 'sts:AssumeRole' }),
          podStatement({
            Action: 'sts:TagSession',
            Condition: { StringEquals: { [tag('kubernetes-namespace')]: 'shop' } }
          })
        ),
        untagged
      )
    ]
  },
  {
    class: 'aws:TagKeys',
    source: `${iam}reference_policies_condition-single-vs-multi-valued-context-keys.html`,
    cases: [
      allowed('any of them', when({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'kubernetes-namespace' } })),
      denied('none of them', when({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'team' } }), 'tag', {
        difference: /the tags are eks-cluster-arn/
      }),
      denied(
        'not all of them',
        when({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['kubernetes-namespace', 'eks-cluster-arn'] } }),
        'tag'
      ),
      allowed(
        'all of them',
        when({ 'ForAllValues:StringLike': { 'aws:TagKeys': ['kubernetes-*', 'eks-*'] } })
      ),
      allowed(
        'all of them, written out',
        when({
          'ForAllValues:StringEquals': {
            'aws:TagKeys': [
              'eks-cluster-arn',
              'eks-cluster-name',
              'kubernetes-namespace',
              'kubernetes-service-account',
              'kubernetes-pod-name',
              'kubernetes-pod-uid',
              'team'
            ]
          }
        })
      ),
      allowed('none of these', when({ 'ForAllValues:StringNotEquals': { 'aws:TagKeys': ['team', 'cost'] } })),
      denied(
        'one of these',
        when({ 'ForAllValues:StringNotEquals': { 'aws:TagKeys': ['eks-cluster-arn'] } }),
        'tag'
      ),
      // Which of a negated operator's two readings holds is not documented.
      depends(
        'some other than these',
        when({ 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': 'eks-cluster-arn' } }),
        { undocumented: /several values/ }
      ),
      depends('no set operator', when({ StringEquals: { 'aws:TagKeys': 'eks-cluster-arn' } }), {
        undocumented: /several values/
      }),
      denied('no set operator, and none matches', when({ StringEquals: { 'aws:TagKeys': 'team' } }), 'tag'),
      allowed('no set operator, and all match', when({ StringLike: { 'aws:TagKeys': '*' } })),
      allowed('must be there', when({ Null: { 'aws:TagKeys': 'false' } })),
      denied('must not be there', when({ Null: { 'aws:TagKeys': 'true' } }), 'tag'),
      allowed(
        'transitive ones',
        when({ 'ForAllValues:StringLike': { 'sts:TransitiveTagKeys': ['kubernetes-*', 'eks-*'] } })
      ),
      denied(
        'a Deny of a key',
        deny({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'kubernetes-namespace' } }),
        'explicit-deny'
      ),
      depends('a variable', when({ 'ForAnyValue:StringEquals': { 'aws:TagKeys': '${aws:UserAgent}' } }))
    ]
  },
  {
    class: 'the source',
    source: `${eks}cross-service-confused-deputy-prevention.html, https://github.com/awslabs/mountpoint-s3-csi-driver/issues/781, https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3743`,
    cases: [
      allowed('the cluster', equals({ 'aws:SourceArn': clusterArn }), narrow),
      allowed('the account', equals({ 'aws:SourceAccount': '111122223333' }), wide),
      allowed('the account as a number', equals({ 'aws:SourceAccount': 111122223333 })),
      allowed('both', equals({ 'aws:SourceAccount': '111122223333', 'aws:SourceArn': clusterArn }), narrow),
      allowed('all clusters of the account', when({ ArnLike: { 'aws:SourceArn': arnOf('*') } }), wide),
      allowed('some clusters', when({ ArnLike: { 'aws:SourceArn': arnOf('pr*') } }), narrow),
      allowed('clusters of all regions', when({ ArnEquals: { 'aws:SourceArn': arnOf('*', '*') } }), wide),
      denied(
        'clusters of another region',
        when({ ArnLike: { 'aws:SourceArn': arnOf('*', 'eu-west-1') } }),
        'source',
        wide
      ),
      denied(
        'the association',
        equals({ 'aws:SourceArn': 'arn:aws:eks:us-east-1:111122223333:podidentityassociation/prod/a-1' }),
        'source',
        { difference: /ARN of an association/ }
      ),
      denied(
        'all associations',
        when({ ArnLike: { 'aws:SourceArn': 'arn:aws:eks:*:111122223333:podidentityassociation/prod/*' } }),
        'source',
        { difference: /ARN of an association/ }
      ),
      denied('another cluster', equals({ 'aws:SourceArn': arnOf('dev') }), 'source', {
        difference: /the cluster differs/
      }),
      denied('another region', equals({ 'aws:SourceArn': arnOf('prod', 'eu-west-1') }), 'source', {
        difference: /the region differs/
      }),
      denied('another account', equals({ 'aws:SourceAccount': '444455556666' }), 'source', {
        difference: /account differs/
      }),
      denied('a role', equals({ 'aws:SourceArn': annotation }), 'source', {
        difference: /not the ARN of a cluster/
      }),
      denied('the name', equals({ 'aws:SourceArn': 'prod' }), 'source', { difference: /not its ARN/ }),
      denied('a literal wildcard', equals({ 'aws:SourceArn': arnOf('*') }), 'source', {
        difference: /literally/
      }),
      denied('a typo in the key', equals({ 'aws:SourceAccounts': '111122223333' }), 'source', {
        expected: 'aws:SourceAccount'
      }),
      denied('a wildcard across a colon', when({ ArnLike: { 'aws:SourceArn': 'arn:aws:eks:*' } }), 'source'),
      // Best practices guide: the organization is passed, and only the request tells which.
      depends('the organization', equals({ 'aws:SourceOrgID': '${aws:ResourceOrgID}' }), {
        dependsOn: ['aws:SourceOrgID']
      }),
      depends(
        'paths of the organization',
        when({ 'ForAnyValue:StringLike': { 'aws:SourceOrgPaths': 'o-1/*' } })
      )
    ]
  },
  {
    class: 'a service that calls',
    source: `${iam}reference_policies_condition-keys.html`,
    cases: [
      allowed('a service', when({ Bool: { 'aws:PrincipalIsAWSService': 'true' } })),
      denied('no service', when({ Bool: { 'aws:PrincipalIsAWSService': 'false' } }), 'unmeetable'),
      allowed('its name', equals({ 'aws:PrincipalServiceName': podsService }), wide),
      denied('another name', equals({ 'aws:PrincipalServiceName': 'eks.amazonaws.com' }), 'unmeetable'),
      denied('an organization', equals({ 'aws:PrincipalOrgID': 'o-1' }), 'unmeetable'),
      denied('a principal', when({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } }), 'unmeetable'),
      denied('an external ID', equals({ 'sts:ExternalId': externalId }), 'unmeetable'),
      denied('MFA', when({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }), 'unmeetable'),
      denied(
        'a claim of a token',
        equals({ 'oidc.eks.us-east-1.amazonaws.com/id/A:sub': 'system:serviceaccount:shop:cart' }),
        'unmeetable'
      ),
      denied('a misspelled key', equals({ 'aws:PrincipalServiceNames': podsService }), 'unmeetable', {
        expected: 'aws:principalservicename'
      }),
      allowed('HTTPS, if it is told', when({ BoolIfExists: { 'aws:SecureTransport': 'true' } })),
      depends('HTTPS', when({ Bool: { 'aws:SecureTransport': 'true' } })),
      depends('an address', when({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }), {
        dependsOn: ['aws:SourceIp']
      }),
      depends('an endpoint', equals({ 'aws:SourceVpce': 'vpce-1' })),
      depends('a session name', like({ 'sts:RoleSessionName': 'eks-*' })),
      depends('tags of the role', equals({ 'aws:ResourceTag/team': 'x' })),
      depends('tags of the role, by IAM', equals({ 'iam:ResourceTag/team': 'x' })),
      depends('a new key', equals({ 'aws:SomethingNew': 'x' })),
      depends('the account of the role', equals({ 'aws:ResourceAccount': '111122223333' })),
      denied(
        'a date in the past',
        when({ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }),
        'unmeetable',
        { asked: { at: new Date('2026-11-24') } }
      ),
      depends('a date to come', when({ DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }), {
        asked: { at: new Date('2026-11-24') }
      }),
      depends(
        'a time that is not known',
        when({ DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }),
        { asked: { at: new Date(NaN) } }
      )
    ]
  },
  {
    class: 'Deny statements',
    source: `${iam}reference_policies_evaluation-logic.html, https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html`,
    cases: [
      denied(
        'an organization guard',
        deny({ StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
        'explicit-deny',
        { statement: 1 }
      ),
      allowed(
        'one that exempts services',
        deny({
          StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' }
        })
      ),
      allowed(
        'a Deny of other namespaces',
        deny({ StringNotEquals: { [tag('kubernetes-namespace')]: 'shop' } }),
        narrow
      ),
      allowed('a Deny of other clusters', deny({ StringNotEquals: { 'aws:SourceArn': clusterArn } }), narrow),
      allowed(
        'a Deny of other service accounts',
        deny({ StringNotEquals: { [tag('kubernetes-service-account')]: 'cart' } }),
        wide
      ),
      denied(
        'a Deny of ours',
        deny({ StringEquals: { [tag('kubernetes-namespace')]: 'shop' } }),
        'explicit-deny'
      ),
      depends('a Deny of an organization', deny({ StringNotEquals: { 'aws:SourceOrgID': 'o-1' } }), {
        dependsOn: ['aws:SourceOrgID']
      }),
      denied('everything', deny(undefined), 'explicit-deny'),
      allowed('a Deny for others', deny(undefined, { Principal: { Service: 'ec2.amazonaws.com' } }))
    ]
  },
  {
    class: 'what limits nothing',
    source: `${eks}pod-id-abac.html: any association may disable its tags`,
    cases: [
      allowed(
        'a namespace, if it exists',
        when({ StringEqualsIfExists: { [tag('kubernetes-namespace')]: 'shop' } }),
        wide
      ),
      allowed(
        'ForAllValues',
        when({ 'ForAllValues:StringEquals': { [tag('kubernetes-namespace')]: 'shop' } }),
        wide
      ),
      allowed(
        'a condition on TagSession',
        policy(
          podStatement({ Action: 'sts:AssumeRole' }),
          podStatement({ Action: 'sts:TagSession', Condition: own() })
        ),
        wide
      ),
      allowed(
        'a condition on AssumeRole',
        policy(
          podStatement({ Action: 'sts:AssumeRole', Condition: own() }),
          podStatement({ Action: 'sts:TagSession' })
        ),
        narrow
      ),
      allowed(
        'a second statement without a limit',
        policy(podStatement({ Condition: own() }), podStatement()),
        wide
      ),
      allowed(
        'an address',
        policy(
          podStatement({ Condition: own() }),
          podStatement({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })
        ),
        wide
      ),
      allowed(
        'a variable',
        policy(
          podStatement({ Condition: own() }),
          podStatement({
            Condition: { StringLike: { 'aws:SourceArn': 'arn:aws:eks:*:${aws:SourceAccount}:cluster/*' } }
          })
        ),
        wide
      ),
      allowed(
        'a Deny with IfExists',
        deny({ StringNotEqualsIfExists: { [tag('kubernetes-namespace')]: 'shop' } }),
        narrow
      ),
      allowed(
        'a Deny that needs the tag',
        deny({
          StringNotEquals: { [tag('kubernetes-namespace')]: 'shop' },
          Null: { [tag('kubernetes-namespace')]: 'false' }
        }),
        wide
      )
    ]
  },
  {
    class: 'target roles',
    source: `${eks}pod-id-assign-target-role.html, ${iam}reference_policies_elements_principal.html`,
    cases: [
      allowed('the first role', trusting(roleArn), { ...target, ...narrow }),
      allowed('its account', trusting(rootArn), { ...target, ...wide }),
      allowed('its account by ID', trusting('111122223333'), { ...target, ...wide }),
      allowed(
        'its account, and the role',
        trusting(rootArn, { Condition: { ArnEquals: { 'aws:PrincipalArn': roleArn } } }),
        { ...target, ...narrow }
      ),
      allowed(
        'its account, and a pattern',
        trusting(rootArn, {
          Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/team/*' } }
        }),
        { ...target, ...narrow }
      ),
      allowed(
        'its account, and any role',
        trusting(rootArn, {
          Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }
        }),
        { ...target, ...wide }
      ),
      allowed(
        'everyone, and the role',
        trusting('*', { Condition: { StringEquals: { 'aws:PrincipalArn': roleArn } } }),
        { ...target, ...narrow }
      ),
      allowed(
        'tags of the request',
        trusting(roleArn, { Condition: { StringEquals: { [tag('kubernetes-namespace')]: 'shop' } } }),
        target
      ),
      allowed(
        'tags of the session',
        trusting(roleArn, {
          Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'shop' } }
        }),
        target
      ),
      allowed(
        'the account, and tags',
        trusting(rootArn, { Condition: { StringEquals: { [tag('kubernetes-namespace')]: 'shop' } } }),
        { ...target, ...wide }
      ),
      allowed(
        'no service',
        trusting(roleArn, { Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } } }),
        target
      ),
      allowed(
        'the account',
        trusting(roleArn, { Condition: { StringEquals: { 'aws:PrincipalAccount': '111122223333' } } }),
        target
      ),
      allowed(
        'the type',
        trusting(roleArn, { Condition: { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } } }),
        target
      ),
      denied('the service', one(), 'principal', { ...target, difference: /not by the service/ }),
      denied('another role', trusting('arn:aws:iam::111122223333:role/team/mail'), 'principal', {
        ...target,
        difference: /another principal of that account/
      }),
      denied('another account', trusting('arn:aws:iam::444455556666:root'), 'principal', {
        ...target,
        difference: /another account/
      }),
      denied('no path', trusting('arn:aws:iam::111122223333:role/cart'), 'principal', {
        ...target,
        difference: /the path differs/
      }),
      denied('the role of another account', trusting('arn:aws:iam::444455556666:role/cart'), 'principal', {
        ...target,
        difference: /AWS account differs/
      }),
      denied('another case', trusting(roleArn.toUpperCase()), 'principal', {
        ...target,
        difference: /capitalization/
      }),
      denied('a blank', trusting(`${roleArn} `), 'principal', { ...target, difference: /spaces/ }),
      denied('a deleted role', trusting('AROAEXAMPLEEXAMPLE12'), 'principal', {
        ...target,
        difference: /was deleted/
      }),
      denied('an OIDC provider', one({ Principal: { Federated: provider } }), 'principal', target),
      denied('a service', one({ Principal: { Service: 'ec2.amazonaws.com' } }), 'principal', target),
      // unverified: the name of the session
      depends('a session', trusting('arn:aws:sts::111122223333:assumed-role/cart/x'), {
        ...target,
        undocumented: /session of the first role/
      }),
      denied(
        'a session of another role',
        trusting('arn:aws:sts::111122223333:assumed-role/mail/x'),
        'principal',
        target
      ),
      denied(
        'the session as a principal',
        trusting(rootArn, {
          Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:sts::111122223333:assumed-role/cart/*' } }
        }),
        'unmeetable',
        target
      ),
      denied('no TagSession', trusting(roleArn, { Action: 'sts:AssumeRole' }), 'action', {
        ...target,
        missing: ['sts:TagSession']
      }),
      denied(
        'a source',
        trusting(roleArn, { Condition: { StringEquals: { 'aws:SourceArn': clusterArn } } }),
        'source',
        { ...target, difference: /by a role, not by a service/ }
      ),
      denied(
        'another namespace',
        trusting(roleArn, {
          Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'web' } }
        }),
        'tag',
        { ...target, difference: /the namespace differs/ }
      ),
      denied(
        'a misspelled tag',
        trusting(roleArn, { Condition: { StringEquals: { [tag('namespace')]: 'shop' } } }),
        'tag',
        { ...target, expected: tag('kubernetes-namespace') }
      ),
      depends(
        "a tag of the role's own",
        trusting(roleArn, { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'x' } } }),
        target
      ),
      depends(
        'an organization',
        trusting(roleArn, { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
        { ...target, dependsOn: ['aws:PrincipalOrgID'] }
      ),
      depends(
        'no TagSession, tags disabled',
        trusting(roleArn, { Action: 'sts:AssumeRole' }),
        untaggedTarget
      ),
      denied(
        'a tag, tags disabled',
        trusting(roleArn, { Condition: { StringEquals: { [tag('kubernetes-namespace')]: 'shop' } } }),
        'tag',
        untaggedTarget
      ),
      depends(
        'a tag of the session, tags disabled',
        trusting(roleArn, {
          Condition: { StringEquals: { 'aws:PrincipalTag/kubernetes-namespace': 'shop' } }
        }),
        untaggedTarget
      ),
      denied('a role of AWS in China', trusting('arn:aws-cn:iam::111122223333:root'), 'principal', target),
      denied(
        'MFA',
        trusting(roleArn, { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
        'unmeetable',
        target
      )
    ]
  },
  {
    class: 'external IDs',
    source: `${eks}pod-id-assign-target-role.html; a key of AssumeRole only: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html`,
    cases: [
      allowed(
        'two statements, tags disabled',
        twoStatements({ StringEquals: { 'sts:ExternalId': externalId } }),
        { ...untaggedTarget, ...narrow }
      ),
      allowed(
        'two statements for the account',
        twoStatements({ StringEquals: { 'sts:ExternalId': externalId } }, rootArn),
        { ...untaggedTarget, ...wide }
      ),
      allowed(
        'a pattern',
        twoStatements({ StringLike: { 'sts:ExternalId': 'us-east-1/111122223333/prod/shop/*' } }),
        untaggedTarget
      ),
      allowed('one that is given', twoStatements({ StringEquals: { 'sts:ExternalId': 'x' } }), {
        asked: { firstRole: { arn: roleArn, externalId: 'x' }, sessionTags: false }
      }),
      denied(
        'of another account',
        twoStatements({ StringEquals: { 'sts:ExternalId': `${externalId}s` } }),
        'unmeetable',
        untaggedTarget
      ),
      denied(
        'of another account, with tags',
        twoStatements({ StringEquals: { 'sts:ExternalId': `${externalId}s` } }),
        'unmeetable',
        target
      ),
      denied(
        'of another account, one statement',
        trusting(roleArn, { Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }),
        'unmeetable',
        target
      ),
      // The guide names it for disabled tags only; a sample on the AWS blog uses it with tags on.
      depends('with tags', twoStatements({ StringEquals: { 'sts:ExternalId': externalId } }), {
        ...target,
        dependsOn: ['sts:ExternalId']
      }),
      // Whether TagSession sees it is not documented.
      depends(
        'one statement for both actions',
        trusting(roleArn, { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
        { ...untaggedTarget, dependsOn: ['sts:ExternalId'] }
      ),
      allowed('not that of another', twoStatements({ StringNotEquals: { 'sts:ExternalId': 'x' } }), target)
    ]
  },
  {
    class: 'documents that IAM refuses',
    source: `${iam}reference_policies_grammar.html`,
    cases: [
      invalid('no JSON', '{'),
      invalid('nothing', undefined),
      invalid('a list', []),
      invalid('a resource', one({ Resource: '*' }), { statement: 0 }),
      invalid('a principal that is text', one({ Principal: podsService })),
      invalid('an action of EKS', one({ Action: 'eks-auth:AssumeRoleForPodIdentity' })),
      invalid('an unknown operator', when({ StringEqual: { 'aws:SourceArn': clusterArn } })),
      invalid(
        'an OIDC provider under AWS',
        policy(podStatement(), podStatement({ Principal: { AWS: provider } })),
        { statement: 1 }
      ),
      invalid('too long', one({ Sid: 'x'.repeat(9000) }))
    ]
  },
  {
    class: 'questions that cannot be answered',
    source: 'the ARN of a cluster has its name and account',
    cases: [
      depends('no ARN', one(), { asked: { clusterArn: 'prod' }, undocumented: /which cluster/ }),
      invalid('no ARN and no policy', '{', { asked: { clusterArn: 'prod' } })
    ]
  }
]
