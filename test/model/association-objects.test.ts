import t from 'tap'
import { associationsIn } from '../../src/model/association-objects.js'
import { notAnObject } from '../../src/model/kubernetes-object.js'

const role = 'arn:aws:iam::111122223333:role/cart'
const target = 'arn:aws:iam::444455556666:role/data'
const arn = 'arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1'
const nobody = {
  clusterName: '',
  namespace: '',
  serviceAccount: '',
  roleArn: undefined,
  targetRoleArn: undefined,
  externalId: undefined,
  disableSessionTags: false,
  policy: undefined
}
const cart = { ...nobody, clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleArn: role }

const ack = (spec: object, status?: object): object => ({
  apiVersion: 'eks.services.k8s.aws/v1alpha1',
  kind: 'PodIdentityAssociation',
  metadata: { name: 'cart-role', namespace: 'ack-system' },
  spec,
  ...(status && { status })
})
const crossplane = (forProvider: object, apiVersion = 'eks.aws.upbound.io/v1beta1'): object => ({
  apiVersion,
  kind: 'PodIdentityAssociation',
  metadata: { name: 'cart-role', namespace: 'infra' },
  spec: { forProvider }
})
const template = (resource: object): object => ({ Resources: { Cart: resource } })
const terraform = (values: object, more: object = {}): object => ({
  type: 'aws_eks_pod_identity_association',
  mode: 'managed',
  address: 'aws_eks_pod_identity_association.cart',
  values,
  ...more
})
const eksctl = (more: object): object => ({
  apiVersion: 'eksctl.io/v1alpha5',
  kind: 'ClusterConfig',
  metadata: { name: 'prod', region: 'eu-west-1' },
  ...more
})

// Two cases for each form: one with literal values, and one with what the form cannot tell.
const forms: Readonly<Record<string, readonly [document: object, ...found: object[]]>> = {
  'ACK, with the ARN that the operator wrote': [
    ack(
      {
        ...{ clusterName: 'prod', namespace: 'shop', serviceAccount: 'cart', roleARN: role },
        ...{ targetRoleARN: target, disableSessionTags: true, policy: '{}' }
      },
      { externalID: 'x', ackResourceMetadata: { arn, ownerAccountID: '111122223333', region: 'eu-west-1' } }
    ),
    {
      association: {
        ...cart,
        targetRoleArn: target,
        externalId: 'x',
        disableSessionTags: true,
        policy: '{}'
      },
      place: { partition: 'aws', region: 'eu-west-1', account: '111122223333' },
      name: 'cart-role',
      path: 'spec'
    }
  ],
  'ACK, with references': [
    ack({
      clusterRef: { from: { name: 'prod' } },
      ...{ namespace: 'shop', serviceAccount: 'cart', roleRef: { from: { name: 'cart' } } }
    }),
    { association: { ...cart, clusterName: '', roleArn: undefined }, place: {}, path: 'spec' }
  ],
  'Crossplane, cluster-scoped': [
    crossplane({
      ...{
        region: 'eu-west-1',
        clusterName: 'prod',
        namespace: 'shop',
        serviceAccount: 'cart',
        roleArn: role
      }
    }),
    { association: cart, place: { region: 'eu-west-1', account: undefined }, path: 'spec.forProvider' }
  ],
  'Crossplane, namespaced, with selectors': [
    crossplane(
      {
        clusterNameSelector: { matchLabels: {} },
        ...{ namespace: 'shop', serviceAccount: 'cart', roleArnRef: { name: 'cart' } }
      },
      'eks.aws.m.upbound.io/v1beta1'
    ),
    { association: { ...cart, clusterName: '', roleArn: undefined } }
  ],
  CloudFormation: [
    template({
      Type: 'AWS::EKS::PodIdentityAssociation',
      Properties: {
        ...{ ClusterName: 'prod', Namespace: 'shop', ServiceAccount: 'cart', RoleArn: role },
        ...{ DisableSessionTags: 'true', Policy: '{}' }
      }
    }),
    {
      association: { ...cart, disableSessionTags: true, policy: '{}' },
      ...{ name: 'Cart', path: 'Resources.Cart.Properties', isConditional: false }
    }
  ],
  'CloudFormation, with functions and a condition': [
    {
      AWSTemplateFormatVersion: '2010-09-09',
      Resources: {
        'a.b': {
          Type: 'AWS::EKS::PodIdentityAssociation',
          Condition: 'IsProd',
          Properties: {
            ...{ ClusterName: { Ref: 'Cluster' }, Namespace: { 'Fn::Sub': 'shop' }, ServiceAccount: 'cart' },
            RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] }
          }
        }
      }
    },
    {
      association: { ...nobody, serviceAccount: 'cart' },
      ...{ path: 'Resources["a.b"].Properties', isConditional: true }
    }
  ],
  'a CloudFormation template that computes whether session tags are disabled': [
    template({
      Type: 'AWS::EKS::PodIdentityAssociation',
      Properties: {
        ...{ ClusterName: 'prod', Namespace: 'shop', ServiceAccount: 'cart', RoleArn: role, Policy: '{}' },
        DisableSessionTags: { 'Fn::If': ['A', true, false] }
      }
    }),
    { association: { ...cart, roleArn: undefined } }
  ],
  'an add-on in CloudFormation': [
    template({
      Type: 'AWS::EKS::Addon',
      Properties: {
        ...{ ClusterName: 'prod', AddonName: 'aws-ebs-csi-driver' },
        PodIdentityAssociations: [
          { ServiceAccount: 'ebs-csi', RoleArn: role },
          { ServiceAccount: 'other' },
          1
        ]
      }
    }),
    {
      association: { ...nobody, clusterName: 'prod', serviceAccount: 'ebs-csi', roleArn: role },
      path: 'Resources.Cart.Properties.PodIdentityAssociations[0]'
    },
    { association: { ...nobody, clusterName: 'prod', serviceAccount: 'other' } }
  ],
  'a Terraform state': [
    {
      format_version: '1.0',
      values: {
        root_module: {
          child_modules: [
            {
              resources: [
                { type: 'aws_iam_role', values: {} },
                terraform({
                  ...{ cluster_name: 'prod', namespace: 'shop', service_account: 'cart', role_arn: role },
                  ...{ association_arn: arn, external_id: 'x', disable_session_tags: null }
                })
              ]
            }
          ]
        }
      }
    },
    {
      association: { ...cart, externalId: 'x' },
      place: { partition: 'aws', region: 'eu-west-1', account: '111122223333' },
      name: 'aws_eks_pod_identity_association.cart',
      path: 'values.root_module.child_modules[0].resources[1].values'
    }
  ],
  'a Terraform plan, which omits what is not known yet': [
    {
      terraform_version: '1.9.5',
      planned_values: {
        root_module: {
          resources: [
            terraform({ namespace: 'shop', service_account: 'cart' }),
            terraform({ namespace: 'shop' }, { mode: 'data' })
          ]
        }
      },
      values: {}
    },
    {
      association: { ...nobody, namespace: 'shop', serviceAccount: 'cart' },
      path: 'planned_values.root_module.resources[0].values'
    }
  ],
  eksctl: [
    eksctl({
      iam: {
        podIdentityAssociations: [{ namespace: 'shop', serviceAccountName: 'cart', roleARN: role }, 'x']
      }
    }),
    {
      association: cart,
      place: { region: 'eu-west-1' },
      path: 'iam.podIdentityAssociations[0]',
      name: 'cart'
    }
  ],
  'eksctl, which creates the role, and an add-on': [
    eksctl({
      iam: { podIdentityAssociations: [{ namespace: 'shop', serviceAccountName: 'cart', roleName: 'r' }] },
      addons: [{ name: 'vpc-cni' }, { podIdentityAssociations: [{ serviceAccountName: 'aws-node' }] }]
    }),
    { association: { ...cart, roleArn: undefined } },
    {
      association: { ...nobody, clusterName: 'prod', serviceAccount: 'aws-node' },
      path: 'addons[1].podIdentityAssociations[0]'
    }
  ]
}

t.test('finds the associations of each form', async (t) => {
  for (const [form, [document, ...expected]] of Object.entries(forms)) {
    const found = associationsIn(document)
    t.equal(found.length, expected.length, form)
    t.match(found, expected, form)
    for (const [index, { association }] of expected.entries() as IterableIterator<
      [number, { association: object }]
    >)
      t.strictSame(found[index]?.association, association, form)
    t.equal(notAnObject(document), undefined, `${form}: accepted`)
  }
})

t.test('names a field as its tool spells it', async (t) => {
  const fields = Object.values(forms).map(([document]) => associationsIn(document)[0]?.fieldOf('roleArn'))
  t.match(fields, ['spec.roleARN', 'spec.roleARN', 'spec.forProvider.roleArn', 'spec.forProvider.roleArn'])
  t.equal(fields[4], 'Resources.Cart.Properties.RoleArn')
  t.equal(fields.at(-1), 'iam.podIdentityAssociations[0].roleARN')
  t.ok(fields.includes('planned_values.root_module.resources[0].values.role_arn'))
})

t.test('finds nothing in other documents, and survives any', async (t) => {
  let deep: object = {}
  for (let depth = 0; depth < 100_000; depth++) deep = { child_modules: [deep], resources: [terraform({})] }
  const table: readonly unknown[] = [
    ...[undefined, null, 1, 'x', [], {}, { Resources: [] }, { Resources: { a: null } }, { values: 1 }],
    { kind: 'PodIdentityAssociation' },
    { kind: 'PodIdentityAssociation', apiVersion: 'example.com/v1', spec: {} },
    { kind: 'ClusterConfig', apiVersion: 'example.com/v1' },
    eksctl({ iam: 1, addons: [null] }),
    template({ Type: 'AWS::EKS::Addon', Properties: { PodIdentityAssociations: { Ref: 'x' } } }),
    { apiVersion: 'v1', kind: 'ConfigMap', Resources: { a: { Type: 'AWS::EKS::PodIdentityAssociation' } } }
  ]
  for (const document of table) t.strictSame(associationsIn(document), [], JSON.stringify(document))
  t.equal(associationsIn({ values: { root_module: deep } }).length, 51, 'modules nested without end')
  t.match(
    associationsIn(ack({ clusterName: 'x y', namespace: 'a/b', serviceAccount: '*', roleARN: 1 })),
    [{ association: nobody }],
    'text that is no name'
  )
})
