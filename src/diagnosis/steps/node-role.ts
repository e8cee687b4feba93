import { computeTypeLabel } from '../../model/pod.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { recordOf, textOf } from '../../text/record.js'
import type { StepName } from '../diagnosis.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, causeOf, couldNotTell, follows, ok } from '../scene.js'

/**
 * Whether a pod without credentials of its own uses those of its node. AWS SDKs try the instance metadata
 * service last. A pod that does not use its node's network is one hop further away from that service than the
 * node. https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
 */
export function nodeRoleStep(scene: Scene, before: readonly Judged[]): Judged {
  const containers = before.find(({ step }) => step === 'containers')
  const { chain } =
    scene.podFacts.chain?.state === 'known' ? scene.podFacts.chain.value : { chain: undefined }
  if (scene.pod.state !== 'known' && containers?.state === 'ok')
    return ok('node-role', 'not used: the containers get credentials of their own')
  if (chain === 'irsa' || chain === 'pod-identity') return besideOwn(before)
  if (containers?.rule === 'static-credentials-shadow-role')
    return ok('node-role', 'not used: the containers have an access key')
  if (scene.pod.state !== 'known') return couldNotTell('node-role', 'there is no pod to look at')

  const reach = metadataReach(scene)
  const broken = containers?.state === 'unknown' ? undefined : brokenAmong(before, 'containers')
  if (reach.state === 'no')
    return ok('node-role', `out of reach: ${reach.because}; calls fail without credentials`)
  const role = nodeRoleOf(scene)
  const shown = role === undefined ? 'the role of the node' : role
  if (reach.state === 'unknown' || broken === undefined)
    return couldNotTell(
      'node-role',
      reach.because,
      `if the pod reaches the instance metadata, its calls go out as ${shown}`
    )

  return follows('node-role', causeOf(broken), `calls do not fail, but go out as ${shown}: ${reach.because}`)
}

/**
 * A pod with credentials of its own. If they do not work, most SDKs report an error, but those for Java and
 * Kotlin fall back to the instance metadata (AwsCredentialsProviderChain in
 * https://github.com/aws/aws-sdk-java-v2, StsWebIdentityProvider in
 * https://github.com/awslabs/aws-sdk-kotlin).
 */
function besideOwn(before: readonly Judged[]): Judged {
  const broken = before.find(({ step, state }) => afterContainers.has(step) && state === 'wrong')

  return broken === undefined
    ? ok('node-role', 'not used: the containers have credentials of their own')
    : follows(
        'node-role',
        broken.step,
        'calls fail; only the SDKs for Java and Kotlin fall back to the role of the node, if the pod can reach it'
      )
}

const afterContainers: ReadonlySet<StepName> = new Set([
  'token',
  'agent',
  'issuer',
  'provider',
  'role',
  'trust-policy',
  'target-role'
])

/** The role that a pod without credentials uses, if it is known to use one. */
export function fallbackRoleOf(scene: Scene): string | undefined {
  return metadataReach(scene).state === 'yes' ? nodeRoleOf(scene) : undefined
}

interface Reach {
  readonly state: 'yes' | 'no' | 'unknown'
  readonly because: string
}

function metadataReach({ pod, node }: Scene): Reach {
  if (pod.state !== 'known') return { state: 'unknown', because: pod.because }
  const labels = node.node.state === 'known' ? recordOf(recordOf(node.node.value['metadata'])['labels']) : {}
  const computeType = textOf(labels[computeTypeLabel])
  if (computeType === 'fargate') return { state: 'no', because: 'AWS Fargate has no instance metadata' }
  if (pod.value.usesHostNetwork)
    return { state: 'yes', because: 'the pod uses the network of its node (hostNetwork)' }
  const instance =
    node.node.state === 'known'
      ? /^aws:\/\/\/[^/]*\/(i-[0-9a-f]{8,17})$/.exec(
          textOf(recordOf(node.node.value['spec'])['providerID']) ?? ''
        )?.[1]
      : undefined

  return {
    state: 'unknown',
    because:
      instance === undefined
        ? pod.value.node === undefined
          ? 'the pod is not on a node yet'
          : 'the hop limit of the node is not known'
        : `the hop limit of the node is not known (2 or more lets pods through): aws ec2 describe-instances --instance-ids ${instance} --query 'Reservations[].Instances[].MetadataOptions.HttpPutResponseHopLimit'`
  }
}

/** The role of all nodes; undefined if the nodes have different roles, or if their role is not known. */
function nodeRoleOf({ node: { nodeRoles } }: Scene): string | undefined {
  const [role, ...others] = nodeRoles.state === 'known' ? nodeRoles.value : []

  return role === undefined || others.length > 0 || parseRoleArn(role) === undefined ? undefined : role
}
