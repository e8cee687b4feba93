import type { ClusterArn } from '../model/cluster-arn.js'
import { shellQuote } from '../text/shell.js'

/** An association that does not exist yet. */
export interface NewAssociation {
  readonly cluster: ClusterArn
  readonly namespace: string
  readonly serviceAccount: string
  readonly roleArn: string
}

/** The tools that can create associations, and the text that each of them reads. */
export const associationTexts = {
  /** https://docs.aws.amazon.com/cli/latest/reference/eks/create-pod-identity-association.html */
  aws: (associations) =>
    associations
      .map(
        ({ cluster, namespace, serviceAccount, roleArn }) =>
          `aws eks create-pod-identity-association --region ${cluster.region} --cluster-name ${cluster.name} --namespace ${namespace} --service-account ${serviceAccount} --role-arn ${shellQuote(roleArn)}`
      )
      .join('\n'),

  /** https://eksctl.io/usage/schema/ (iam.podIdentityAssociations) */
  eksctl: (associations) =>
    [
      'apiVersion: eksctl.io/v1alpha5',
      'kind: ClusterConfig',
      'metadata:',
      ...clusterLines(associations, (cluster) => [
        `  name: ${cluster.name}`,
        `  region: ${cluster.region}`,
        'iam:',
        '  podIdentityAssociations:'
      ]),
      ...associations.flatMap(({ namespace, serviceAccount, roleArn }) => [
        `    - namespace: ${quoted(namespace)}`,
        `      serviceAccountName: ${quoted(serviceAccount)}`,
        `      roleARN: ${quoted(roleArn)}`
      ])
    ].join('\n'),

  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-podidentityassociation.html */
  cloudformation: (associations) =>
    [
      'Resources:',
      ...associations.flatMap((association) => [
        `  ${logicalNameOf(association)}:`,
        '    Type: AWS::EKS::PodIdentityAssociation',
        '    Properties:',
        `      ClusterName: ${quoted(association.cluster.name)}`,
        `      Namespace: ${quoted(association.namespace)}`,
        `      ServiceAccount: ${quoted(association.serviceAccount)}`,
        `      RoleArn: ${quoted(association.roleArn)}`
      ])
    ].join('\n'),

  /** https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_pod_identity_association */
  terraform: (associations) =>
    associations
      .map(({ cluster, namespace, serviceAccount, roleArn }) =>
        [
          `resource "aws_eks_pod_identity_association" ${quoted(labelOf(namespace, serviceAccount))} {`,
          `  cluster_name    = ${quoted(cluster.name)}`,
          `  namespace       = ${quoted(namespace)}`,
          `  service_account = ${quoted(serviceAccount)}`,
          `  role_arn        = ${terraformQuoted(roleArn)}`,
          '}'
        ].join('\n')
      )
      .join('\n\n'),

  /** https://aws-controllers-k8s.github.io/community/reference/eks/v1alpha1/podidentityassociation/ */
  ack: (associations) =>
    associations
      .map(({ cluster, namespace, serviceAccount, roleArn }) =>
        [
          'apiVersion: eks.services.k8s.aws/v1alpha1',
          'kind: PodIdentityAssociation',
          'metadata:',
          `  name: ${quoted(serviceAccount)}`,
          `  namespace: ${quoted(namespace)}`,
          'spec:',
          `  clusterName: ${quoted(cluster.name)}`,
          `  namespace: ${quoted(namespace)}`,
          `  serviceAccount: ${quoted(serviceAccount)}`,
          `  roleARN: ${quoted(roleArn)}`
        ].join('\n')
      )
      .join('\n---\n')
} satisfies Record<string, (associations: readonly NewAssociation[]) => string>

export type AssociationTool = keyof typeof associationTexts

/** Quotes a name or an ARN for YAML, or a name for Terraform. */
const quoted = (text: string): string => JSON.stringify(text)

/**
 * Quotes an ARN for Terraform. The path of a role can contain `${` and `%{`, which Terraform would
 * interpolate:
 * https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
 */
const terraformQuoted = (text: string): string =>
  quoted(text)
    .replaceAll('${', () => '$${')
    .replaceAll('%{', () => '%%{')

/**
 * A label starts with a letter or an underscore, and has no dots:
 * https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers
 */
const labelOf = (namespace: string, serviceAccount: string): string =>
  `${namespace}_${serviceAccount}`.replaceAll('.', '_').replace(/^(?=\d)/, '_')

/** All associations in a text are for the same cluster. */
const clusterLines = (
  [first]: readonly NewAssociation[],
  linesOf: (cluster: ClusterArn) => string[]
): string[] => (first === undefined ? [] : linesOf(first.cluster))

/**
 * A logical ID has only letters and digits, so a hyphen and a dot are spelled out; otherwise `a-b` and `ab`
 * would get the same ID.
 */
const logicalNameOf = ({ namespace, serviceAccount }: NewAssociation): string =>
  [namespace, serviceAccount]
    .map((name) => name.replaceAll('-', 'Dash').replaceAll('.', 'Dot'))
    .map((name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`)
    .join('Slash')
