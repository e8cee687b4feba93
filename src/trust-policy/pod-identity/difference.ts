import { parseClusterArn } from '../../model/cluster-arn.js'
import { closestTo } from '../../text/closest.js'
import { hasWildcard, matchesPattern, parsePattern } from '../../text/glob.js'
import { awsKeyMeant } from '../context.js'
import type { Condition } from '../policy.js'
import { type Caller, principalTag, requestTag, tagNames } from './caller.js'

/** What a failing condition is about, how it differs, and the key that was probably meant. */
export interface Difference {
  readonly about: 'tag' | 'source' | 'other'
  readonly difference: string | undefined
  readonly expected: string | undefined
  /** From 0 (spelling) to 2: how far the condition is from a match. */
  readonly distance: number
}

/** How a failing condition differs from what EKS sends. `actual` is the value that EKS sends, if it is known. */
export function differenceOf(condition: Condition, actual: string | undefined, caller: Caller): Difference {
  const { key, lowerKey } = condition
  const { firstRole, sessionTags } = caller
  if (lowerKey.startsWith(requestTag))
    return tagDifference(condition, lowerKey.slice(requestTag.length), actual, caller)
  if (lowerKey.startsWith(principalTag)) {
    const name = lowerKey.slice(principalTag.length)
    if (firstRole !== undefined) return tagDifference(condition, name, actual, caller)
    const meant = tagMeant(name)

    return {
      about: 'tag',
      difference: 'EKS sends its tags as request tags, and its call has no principal tags',
      expected: meant && `aws:RequestTag/${meant}`,
      distance: 0.5
    }
  }
  if (lowerKey === 'aws:tagkeys' || lowerKey === 'sts:transitivetagkeys')
    return {
      about: 'tag',
      difference: sessionTags ? `the tags are ${tagNames.join(', ')}` : noTags,
      expected: undefined,
      distance: 1
    }
  const meant = tagMeantBy(key) ?? awsKeyMeant(lowerKey)
  const written = meant === undefined ? lowerKey : meant.toLowerCase()
  const about = written.startsWith(requestTag)
    ? 'tag'
    : /^aws:source(?:arn|account)$/.test(written)
      ? 'source'
      : 'other'
  if (meant !== undefined)
    return { about, difference: 'there is no such key', expected: camelCased(meant), distance: 0.5 }
  if (about === 'source')
    return firstRole === undefined
      ? { about, expected: undefined, ...sourceDifference(condition, actual, caller) }
      : {
          about,
          expected: undefined,
          difference: 'this role is assumed by a role, not by a service',
          distance: 2
        }

  return { about, expected: undefined, difference: undefined, distance: 2 }
}

const noTags = 'the association disables session tags'

function tagDifference(
  condition: Condition,
  name: string,
  actual: string | undefined,
  caller: Caller
): Difference {
  const tag = (difference: string | undefined, distance: number, expected?: string): Difference => ({
    about: 'tag',
    difference,
    expected,
    distance
  })
  if (!caller.sessionTags) return tag(noTags, 1)
  if (!tagNames.includes(name)) {
    const meant = tagMeant(name)

    return meant === undefined
      ? tag('EKS sends no such tag', 2)
      : tag('EKS sends no such tag', 0.5, `${condition.key.slice(0, condition.key.indexOf('/'))}/${meant}`)
  }
  if (actual === undefined) return tag(undefined, 2)

  return { about: 'tag', expected: undefined, ...valueDifference(condition, name, actual, caller) }
}

type Part = Pick<Difference, 'difference' | 'distance'>

function valueDifference(condition: Condition, name: string, actual: string, caller: Caller): Part {
  const common = spellingDifference(condition, actual)
  if (common !== undefined) return common
  if (name === 'eks-cluster-arn') return clusterDifference(condition, caller)
  const { cluster, namespace, serviceAccount } = caller
  const [wanted = ''] = condition.values
  if (
    wanted === `${namespace}/${serviceAccount}` ||
    wanted === `system:serviceaccount:${namespace}:${serviceAccount}`
  )
    return { difference: 'the tag contains only the name', distance: 0.5 }
  if (wanted === cluster.text)
    return { difference: 'the tag contains only the name of the cluster', distance: 0.5 }
  if (name === 'kubernetes-namespace')
    return wanted === serviceAccount
      ? { difference: 'it is the name of the service account', distance: 0.5 }
      : { difference: 'the namespace differs', distance: 1 }
  if (name === 'kubernetes-service-account')
    return wanted === namespace
      ? { difference: 'it is the name of the namespace', distance: 0.5 }
      : { difference: 'the service account differs', distance: 1.5 }

  return { difference: 'the cluster differs', distance: 2 }
}

/** A difference that does not depend on what the key means. */
function spellingDifference({ name, operator, values }: Condition, actual: string): Part | undefined {
  if (operator.family === 'null') return { difference: 'EKS sends this key', distance: 1 }
  if (operator.negated) return { difference: `${name} excludes this value`, distance: 1 }
  if (
    operator.relation !== 'like' &&
    values.some((value) => hasWildcard(value) && matchesPattern(parsePattern(value), actual))
  )
    return { difference: `${name} compares * and ? literally`, distance: 0 }
  if (values.some((value) => value.trim() === actual))
    return { difference: 'it has leading or trailing spaces', distance: 0 }
  if (values.some((value) => value.toLowerCase() === actual.toLowerCase()))
    return { difference: 'the capitalization differs', distance: 0 }

  return undefined
}

function clusterDifference({ values }: Condition, { cluster }: Caller): Part {
  const [wanted = ''] = values
  if (wanted === cluster.name)
    return { difference: 'it is the name of the cluster, not its ARN', distance: 0.5 }
  const other = parseClusterArn(wanted)
  if (other === undefined) return { difference: 'it is not the ARN of a cluster', distance: 1 }
  if (other.partition !== cluster.partition) return { difference: 'the partition differs', distance: 2 }
  if (other.account !== cluster.account) return { difference: 'the AWS account differs', distance: 2 }

  return {
    difference: other.region === cluster.region ? 'the cluster differs' : 'the region differs',
    distance: 2
  }
}

function sourceDifference(condition: Condition, actual: string | undefined, caller: Caller): Part {
  const { lowerKey, values } = condition
  const common = actual === undefined ? undefined : spellingDifference(condition, actual)
  if (common !== undefined) return common
  // Users have tried to use the ARN of an association:
  // https://github.com/awslabs/mountpoint-s3-csi-driver/issues/781,
  // https://github.com/terraform-aws-modules/terraform-aws-eks/pull/3743
  if (values.some((value) => value.includes(':podidentityassociation/')))
    return {
      difference: 'the condition names the ARN of an association, not of the cluster',
      distance: 0.5
    }
  if (lowerKey === 'aws:sourceaccount') return { difference: 'the AWS account differs', distance: 2 }

  return clusterDifference(condition, caller)
}

const meantTags: ReadonlyMap<string, string> = new Map(
  tagNames.flatMap((name) => [
    [lettersOf(name), name],
    [lettersOf(name.replace(/^(?:eks|kubernetes)-/, '')), name]
  ])
)

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '')
}

/** The EKS session tag that a mistyped name was probably meant to be. */
export function tagMeant(name: string): string | undefined {
  const letters = lettersOf(name.slice(0, 128)).replace(/^k8s/, 'kubernetes')

  return (
    meantTags.get(letters) ??
    meantTags.get(letters.replace(/^(?:eks|kubernetes|ks)/, '')) ??
    closestTo(name.toLowerCase(), tagNames)
  )
}

/** The tag key that was probably meant by a key without the prefix, such as `kubernetes-namespace`. */
function tagMeantBy(key: string): string | undefined {
  const name = key.replace(/^(?:aws|sts|eks|pods\.eks\.amazonaws\.com)[:/]/i, '').toLowerCase()

  return tagNames.includes(name) ? `aws:RequestTag/${name}` : undefined
}

/** Keys are not case-sensitive; messages show them as AWS writes them. */
const camelCased = (key: string): string =>
  key
    .replace(/^aws:sourcearn$/, 'aws:SourceArn')
    .replace(/^aws:sourceaccount$/, 'aws:SourceAccount')
    .replace(/^aws:requesttag\//, 'aws:RequestTag/')
