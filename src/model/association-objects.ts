import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import type { Association, ClusterPlace } from './association.js'
import { clusterOfAssociationArn } from './cluster-arn.js'
import { isNamespaceName, isObjectName } from './object-name.js'

/** An association that is described in a Kubernetes object or in another tool's file. */
export interface AssociationInDocument {
  readonly association: Association
  /** What the document says about the cluster, besides its name. */
  readonly place: ClusterPlace
  /** The name that the tool gives to the association; empty if it has none. */
  readonly name: string
  /** The path of the object that holds the association's fields, such as `Resources.Cart.Properties`. */
  readonly path: string
  /** The path of one of its fields, as the tool spells it. */
  fieldOf(field: AssociationField): string
  /** Whether a condition decides if the association exists. */
  readonly isConditional: boolean
}

/** The fields of an association that a user sets. */
export type AssociationField =
  | 'clusterName'
  | 'namespace'
  | 'serviceAccount'
  | 'roleArn'
  | 'targetRoleArn'
  | 'disableSessionTags'
  | 'policy'

type Json = Readonly<Record<string, unknown>>
type Spelling = Readonly<Record<AssociationField, string>>

// https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html
const spelledByApi: Spelling = {
  clusterName: 'clusterName',
  namespace: 'namespace',
  serviceAccount: 'serviceAccount',
  roleArn: 'roleArn',
  targetRoleArn: 'targetRoleArn',
  disableSessionTags: 'disableSessionTags',
  policy: 'policy'
}
// https://aws-controllers-k8s.github.io/community/reference/eks/v1alpha1/podidentityassociation/
const spelledByAck: Spelling = { ...spelledByApi, roleArn: 'roleARN', targetRoleArn: 'targetRoleARN' }
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-podidentityassociation.html
const spelledByCloudFormation: Spelling = {
  clusterName: 'ClusterName',
  namespace: 'Namespace',
  serviceAccount: 'ServiceAccount',
  roleArn: 'RoleArn',
  targetRoleArn: 'TargetRoleArn',
  disableSessionTags: 'DisableSessionTags',
  policy: 'Policy'
}
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eks_pod_identity_association
const spelledByTerraform: Spelling = {
  clusterName: 'cluster_name',
  namespace: 'namespace',
  serviceAccount: 'service_account',
  roleArn: 'role_arn',
  targetRoleArn: 'target_role_arn',
  disableSessionTags: 'disable_session_tags',
  policy: 'policy'
}
// https://docs.aws.amazon.com/eks/latest/eksctl/pod-identity-associations.html
const spelledByEksctl: Spelling = { ...spelledByAck, serviceAccount: 'serviceAccountName' }

/**
 * The EKS Pod Identity associations in a document: an ACK or Crossplane object, a CloudFormation template,
 * the output of `terraform show -json`, or an eksctl ClusterConfig. Never throws.
 */
export function associationsIn(document: unknown): readonly AssociationInDocument[] {
  if (!isRecord(document)) return none
  const { apiVersion, kind } = document
  if (kind === 'PodIdentityAssociation') return inKubernetesObject(document)
  if (kind === 'ClusterConfig' && textOf(apiVersion)?.startsWith('eksctl.io/'))
    return inClusterConfig(document)
  if (kind !== undefined) return none

  return isRecord(document['Resources']) ? inTemplate(document['Resources']) : inTerraform(document)
}

const none: readonly never[] = []

function inKubernetesObject(object: Json): readonly AssociationInDocument[] {
  const [group] = textOf(object['apiVersion'])?.split('/', 1) ?? []
  const name = textOf(recordOf(object['metadata'])['name']) ?? ''
  const [spec, status] = [recordOf(object['spec']), recordOf(object['status'])]
  if (group === 'eks.services.k8s.aws') {
    const { arn, ownerAccountID, region } = recordOf(status['ackResourceMetadata'])
    const place = placeOf({ associationArn: arn, account: ownerAccountID, region })
    return [found({ values: spec, path: 'spec', spelling: spelledByAck, place, name }, status['externalID'])]
  }
  // The API groups of the cluster-scoped kind and of the namespaced kind in Crossplane 2.
  if (group === 'eks.aws.upbound.io' || group === 'eks.aws.m.upbound.io') {
    const values = recordOf(spec['forProvider'])
    const place = placeOf({ region: values['region'] })
    return [found({ values, path: 'spec.forProvider', spelling: spelledByApi, place, name })]
  }

  return none
}

function inClusterConfig(config: Json): readonly AssociationInDocument[] {
  const { name, region } = recordOf(config['metadata'])
  const read = (list: unknown, path: string): AssociationInDocument[] =>
    listOf(list).flatMap((values, index) =>
      isRecord(values)
        ? found({
            values: { ...values, clusterName: name },
            path: `${path}[${index}]`,
            spelling: spelledByEksctl,
            place: placeOf({ region }),
            name: textOf(values['serviceAccountName']) ?? ''
          })
        : []
    )

  return [
    ...read(recordOf(config['iam'])['podIdentityAssociations'], 'iam.podIdentityAssociations'),
    ...listOf(config['addons']).flatMap((addon, index) =>
      read(recordOf(addon)['podIdentityAssociations'], `addons[${index}].podIdentityAssociations`)
    )
  ]
}

function inTemplate(resources: Json): readonly AssociationInDocument[] {
  return Object.entries(resources).flatMap(([name, resource]) => {
    const { Type: type, Properties, Condition } = recordOf(resource)
    const values = recordOf(Properties)
    const path = `${fieldIn('Resources', name)}.Properties`
    const common = {
      spelling: spelledByCloudFormation,
      place: {},
      name,
      isConditional: Condition !== undefined
    }
    if (type === 'AWS::EKS::PodIdentityAssociation') return found({ ...common, values, path })
    if (type !== 'AWS::EKS::Addon') return []

    // The add-on chooses the namespace of its associations, so the template does not contain it.
    return listOf(values['PodIdentityAssociations']).flatMap((each, index) =>
      isRecord(each)
        ? found({
            ...common,
            values: { ...each, ClusterName: values['ClusterName'], Namespace: undefined },
            path: `${path}.PodIdentityAssociations[${index}]`
          })
        : []
    )
  })
}

// Terraform modules are rarely nested more than a few levels. Modules nested deeper than this are ignored, so
// that the paths stay short.
const deepestModule = 50

/**
 * The associations in the output of `terraform show -json`: those of a state are in `values`, those of a plan
 * in `planned_values`. A plan omits values that are known only after it is applied.
 * https://developer.hashicorp.com/terraform/internals/json-format
 */
function inTerraform(output: Json): readonly AssociationInDocument[] {
  const key = isRecord(output['planned_values']) ? 'planned_values' : 'values'
  const modules = [{ module: recordOf(output[key])['root_module'], path: `${key}.root_module`, depth: 0 }]
  const associations: AssociationInDocument[] = []
  for (const { module, path, depth } of modules) {
    const { resources, child_modules: children } = recordOf(module)
    listOf(resources).forEach((resource, index) => {
      const { type, mode, address, values } = recordOf(resource)
      if (type !== 'aws_eks_pod_identity_association' || mode === 'data' || !isRecord(values)) return
      const place = placeOf({ associationArn: values['association_arn'], region: values['region'] })
      associations.push(
        found(
          {
            values,
            path: `${path}.resources[${index}].values`,
            spelling: spelledByTerraform,
            place,
            name: textOf(address) ?? ''
          },
          values['external_id']
        )
      )
    })
    if (depth < deepestModule)
      listOf(children).forEach((module, index) =>
        modules.push({ module, path: `${path}.child_modules[${index}]`, depth: depth + 1 })
      )
  }

  return associations
}

interface Described {
  readonly values: Json
  readonly path: string
  readonly spelling: Spelling
  readonly place: ClusterPlace
  readonly name: string
  readonly isConditional?: boolean
}

/** Reads the fields. Anything that is not literal, such as a CloudFormation function, is unknown. */
function found(
  { values, path, spelling, place, name, isConditional = false }: Described,
  externalId?: unknown
): AssociationInDocument {
  const field = (of: AssociationField): unknown => values[spelling[of]]
  const nameIn = (of: AssociationField, isName: (text: string) => boolean): string => {
    const text = textOf(field(of))
    return text !== undefined && isName(text) ? text : ''
  }
  const disabled = flagOf(field('disableSessionTags'))
  // What the trust policies and the session policy must contain depends on the session tags.
  const textIf = (of: AssociationField): string | undefined =>
    disabled === undefined ? undefined : textOf(field(of))

  return {
    association: {
      clusterName: nameIn('clusterName', isClusterName),
      namespace: nameIn('namespace', isNamespaceName),
      serviceAccount: nameIn('serviceAccount', isObjectName),
      roleArn: textIf('roleArn'),
      targetRoleArn: textIf('targetRoleArn'),
      externalId: textOf(externalId),
      disableSessionTags: disabled ?? false,
      policy: textIf('policy')
    },
    place,
    name,
    path,
    fieldOf: (field) => `${path}.${spelling[field]}`,
    isConditional
  }
}

/**
 * A Boolean, including one that a template writes as a string; undefined for anything else, such as a
 * function.
 */
function flagOf(value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === false || value === 'false') return false

  return value === true || value === 'true' ? true : undefined
}

const isClusterName = (text: string): boolean => text.length <= 100 && /^[0-9A-Za-z][\w-]*$/.test(text)

function placeOf(of: { associationArn?: unknown; account?: unknown; region?: unknown }): ClusterPlace {
  const arn = textOf(of.associationArn)
  const cluster = arn === undefined ? undefined : clusterOfAssociationArn(arn)
  if (cluster !== undefined)
    return { partition: cluster.partition, region: cluster.region, account: cluster.account }

  return { region: textOf(of.region), account: textOf(of.account) }
}

/** The path of a member; a key that is not a plain name is quoted. */
const fieldIn = (path: string, key: string): string =>
  /^[\w-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
