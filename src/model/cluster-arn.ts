/** The parts of an EKS cluster's ARN. */
export interface ClusterArn {
  readonly text: string
  readonly partition: string
  readonly region: string
  /** 12 digits. */
  readonly account: string
  readonly name: string
}

// Shape:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
// (resource types); the name's pattern and length: API_CreateCluster of the EKS API reference.
const pattern =
  /^arn:(aws(?:-[a-z0-9]+)*):eks:([a-z0-9-]{1,32}):(\d{12}):cluster\/([0-9A-Za-z][A-Za-z0-9_-]{0,99})$/

/** Parses the ARN of an EKS cluster, or returns undefined if the string is not one. Never throws. */
export function parseClusterArn(text: string): ClusterArn | undefined {
  if (text.length > 256) return undefined
  const [, partition, region, account, name] = pattern.exec(text) ?? []
  if (partition === undefined || region === undefined || account === undefined || name === undefined)
    return undefined

  return { text, partition, region, account, name }
}

// Shape: the same page of the Service Authorization Reference, resource type podidentityassociation.
const associationPattern =
  /^(arn:[^:/]{1,32}:eks:[^:/]{1,32}:\d{12}):podidentityassociation\/([^/]{1,100})\/[^/]+$/

/** The cluster of an EKS Pod Identity association, according to the association's ARN. Never throws. */
export function clusterOfAssociationArn(text: string): ClusterArn | undefined {
  if (text.length > 512) return undefined
  const [, prefix, name] = associationPattern.exec(text) ?? []

  return prefix === undefined || name === undefined ? undefined : parseClusterArn(`${prefix}:cluster/${name}`)
}
