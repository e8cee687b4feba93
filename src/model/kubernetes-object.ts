import { isRecord, listOf, recordOf, textOf } from '../text/record.js'
import { associationsIn } from './association-objects.js'

type Document = Readonly<Record<string, unknown>>

/** A document that is not a Kubernetes object: what it is, and what to do with it. */
interface OtherFile {
  readonly is: string
  readonly fix: string
}

const kustomization: OtherFile = {
  is: 'this is a kustomization',
  fix: 'build it first: kubectl kustomize DIR | irsa-guard check -'
}
const eksctlConfig: OtherFile = {
  is: 'this is an eksctl configuration',
  fix: 'check the service accounts that it creates: kubectl get serviceaccounts -A -o yaml | irsa-guard check -'
}
const iamFile: OtherFile = { is: 'this is a file with IAM facts', fix: 'pass it with --iam' }
const eksOutput: OtherFile = {
  is: 'this is a response of the EKS API with EKS Pod Identity associations',
  fix: 'write the associations into an IamSnapshot and pass it with --iam, or let irsa-guard read EKS: --aws --cluster-arn ARN'
}
const policyFix = 'check a trust policy with irsa-guard trust --policy FILE'

/**
 * What a document is if it is not a Kubernetes object; undefined if its `apiVersion` and `kind` could be
 * those of one. Another tool's file that contains EKS Pod Identity associations counts as an object. Never
 * throws.
 */
export function notAnObject(document: unknown): OtherFile | undefined {
  if (!isRecord(document))
    return { is: 'this is not an object', fix: 'write a Kubernetes object with apiVersion and kind' }

  const [apiVersion, kind] = [textOf(document['apiVersion']), textOf(document['kind'])]
  if (apiVersion !== undefined && kind !== undefined) {
    if (apiVersion.startsWith('kustomize.config.k8s.io/')) return kustomization
    if (apiVersion.startsWith('eksctl.io/'))
      return associationsIn(document).length > 0 ? undefined : eksctlConfig
    return kind === 'IamSnapshot' ? iamFile : undefined
  }
  if (associationsIn(document).length > 0) return undefined
  if (Array.isArray(document['resources'])) return kustomization // apiVersion and kind are optional there
  if ('Statement' in document) return { is: 'this is a policy', fix: policyFix }
  if ('planned_values' in document || 'terraform_version' in document)
    return { is: 'this is Terraform output', fix: policyFix }
  if ('AWSTemplateFormatVersion' in document || 'Resources' in document)
    return { is: 'this is a CloudFormation template', fix: policyFix }
  if ('roles' in document || 'RoleDetailList' in document) return iamFile
  if ([document['association'], ...listOf(document['associations'])].some(isOfEks)) return eksOutput

  return {
    is: `this is not a Kubernetes object, because it has no ${apiVersion === undefined ? 'apiVersion' : 'kind'}`,
    fix: 'if it is a Helm values file, render the chart first: helm template … | irsa-guard check -'
  }
}

/** Whether a value is an association as the EKS API returns it. */
const isOfEks = (value: unknown): boolean => textOf(recordOf(value)['associationId']) !== undefined

/** The kind of a document in a report. */
export function kindOf(document: Document): string {
  const kind = textOf(document['kind'])
  if (kind !== undefined) return kind

  return 'Resources' in document ? 'CloudFormation template' : 'Terraform output'
}

/**
 * Whether an object was read from a cluster, where it has been admitted, rather than written by hand. An
 * empty status does not count, because rendered manifests may have one.
 */
export function isFromCluster(object: Document): boolean {
  return (
    textOf(recordOf(object['metadata'])['uid']) !== undefined ||
    Object.keys(recordOf(object['status'])).length > 0
  )
}

/** The object that controls another one, such as the ReplicaSet of a pod. */
export interface Owner {
  readonly kind: string
  readonly name: string
}

/**
 * The controller of an object:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
 */
export function ownerOf(object: Document): Owner | undefined {
  const owners = listOf(recordOf(object['metadata'])['ownerReferences']).map(recordOf)
  const { kind, name } = owners.find(({ controller }) => controller === true) ?? {}

  return textOf(kind) === undefined || textOf(name) === undefined
    ? undefined
    : { kind: String(kind), name: String(name) }
}
