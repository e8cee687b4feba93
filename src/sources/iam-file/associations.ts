import type { DescribedAssociation } from '../../model/association-cluster.js'
import { type ClusterArn, parseClusterArn } from '../../model/cluster-arn.js'
import { isNamespaceName, isObjectName } from '../../model/object-name.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { closestTo } from '../../text/closest.js'
import { isRecord, textOf } from '../../text/record.js'
import { type Fail, loadList } from './iam-file.js'

/** Reads the cluster of an IamSnapshot: its name, and its ARN. */
export function loadCluster(value: unknown, fail: Fail): ClusterArn | undefined {
  if (value === undefined) return undefined
  if (!isRecord(value))
    return fail(`cluster is ${JSON.stringify(value)}; expected an object with name and arn`)

  const { name, arn } = value
  const cluster = typeof arn === 'string' ? parseClusterArn(arn) : undefined
  if (cluster === undefined)
    return fail(`cluster.arn is ${JSON.stringify(arn)}; expected the ARN of an EKS cluster`)
  if (name !== cluster.name)
    return fail(
      `cluster.name is ${JSON.stringify(name)}; expected ${JSON.stringify(cluster.name)}, the name in cluster.arn`
    )

  return cluster
}

const keys = [
  ...['clusterName', 'namespace', 'serviceAccount', 'roleArn', 'targetRoleArn', 'externalId'],
  ...['disableSessionTags', 'policy']
]

/** Reads the associations of an IamSnapshot. */
export function loadAssociations(
  value: unknown,
  cluster: ClusterArn | undefined,
  fail: Fail
): readonly DescribedAssociation[] {
  const seen = new Map<string, number>()

  return loadList(value, 'associations', fail).map((member, index) => {
    const at = `associations[${index}]`
    if (!isRecord(member)) return fail(`${at} is ${JSON.stringify(member)}; expected an object`)
    for (const key of Object.keys(member).filter((key) => !keys.includes(key))) {
      const meant = closestTo(key, keys) // other keys, such as those of the EKS API, are ignored
      if (meant !== undefined) fail(`${at}.${key}: unknown key; did you mean ${meant}?`)
    }
    const text = (key: string, isValid: (text: string) => boolean, expected: string): string => {
      const found = member[key]
      return typeof found === 'string' && isValid(found)
        ? found
        : fail(`${at}.${key} is ${JSON.stringify(found)}; expected ${expected}`)
    }
    const optional = (...[key, ...how]: Parameters<typeof text>): string | undefined =>
      member[key] === undefined || member[key] === null ? undefined : text(key, ...how)
    const disableSessionTags = member['disableSessionTags'] ?? false
    if (typeof disableSessionTags !== 'boolean')
      return fail(`${at}.disableSessionTags is ${JSON.stringify(disableSessionTags)}; expected true or false`)

    const association = {
      clusterName: text('clusterName', (name) => name !== '', 'the name of an EKS cluster'),
      namespace: text('namespace', isNamespaceName, 'the name of a namespace'),
      serviceAccount: text('serviceAccount', isObjectName, 'the name of a service account'),
      roleArn: text('roleArn', isRoleArn, 'the ARN of a role'),
      targetRoleArn: optional('targetRoleArn', isRoleArn, 'the ARN of a role'),
      externalId: textOf(optional('externalId', () => true, 'a string')),
      disableSessionTags,
      policy: textOf(optional('policy', () => true, 'a session policy as JSON text'))
    }
    const { clusterName, namespace, serviceAccount } = association
    const account = [clusterName, namespace, serviceAccount].join('/')
    const first = seen.get(account)
    if (first !== undefined)
      return fail(
        `${at} is for service account ${namespace}/${serviceAccount}, as associations[${first}] is; expected at most one association per service account`
      )
    seen.set(account, index)
    // If an association belongs to another cluster, only that cluster's name is known.
    return { association, place: association.clusterName === cluster?.name ? cluster : {} }
  })
}

const isRoleArn = (text: string): boolean => parseRoleArn(text) !== undefined
