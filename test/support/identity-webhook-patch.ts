/**
 * Patches a pod as amazon-eks-pod-identity-webhook does, for tests in which the real webhook is not
 * available: it adds the variables in the same order, unless the container has them, and the volume and the
 * mount, unless they exist. The patches were compared with those of a release from 2026. There are two
 * differences: the real webhook drops container fields that its Kubernetes version does not know, and writes
 * `resources: {}`. https://github.com/aws/amazon-eks-pod-identity-webhook (pkg/handler/handler.go,
 * pkg/cache/cache.go)
 */
import { parseCsvRecord } from '../../src/text/csv.ts'

/** The parts of a pod that matter to the identity webhook. */
export interface Pod {
  metadata: { annotations?: Record<string, string> }
  spec: {
    serviceAccountName?: string
    nodeSelector?: Record<string, string>
    volumes?: { name: string }[]
    containers: Container[]
    initContainers?: Container[]
  }
}
interface Container {
  name: string
  env?: { name: string; value?: string }[]
  volumeMounts?: { name: string }[]
}
export type Annotations = Readonly<Record<string, string>>

/** The identity webhook's flags that are supported here. */
export interface Flags {
  region: string | undefined
  regionalSts: boolean
}

const prefix = 'eks.amazonaws.com'
const mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount'
const volumeName = 'aws-iam-token'
const mount = { name: volumeName, readOnly: true, mountPath }
const shortestExpiration = 600

/**
 * The JSON Patch for a pod of an account with these annotations; undefined if the pod stays unchanged. With
 * `half`, only the first container is mutated.
 */
export function patchOf(pod: Pod, account: Annotations, flags: Flags, half = false): unknown[] | undefined {
  const role = account[`${prefix}/role-arn`]
  if (role === undefined || role === '') return undefined

  const { volumes, containers, initContainers, nodeSelector = {} } = pod.spec
  const annotations = pod.metadata.annotations ?? {}
  const skipped = parseCsvRecord(annotations[`${prefix}/skip-containers`] ?? '')?.fields ?? []
  const isWindows = [nodeSelector['kubernetes.io/os'], nodeSelector['beta.kubernetes.io/os']].includes(
    'windows'
  )
  const tokenFile = isWindows ? `C:${mountPath}/token`.replaceAll('/', '\\') : `${mountPath}/token`
  const isRegional = parseBool(account[`${prefix}/sts-regional-endpoints`]) ?? flags.regionalSts
  const inject = (container: Container): Container =>
    skipped.includes(container.name) || (half && container !== containers[0])
      ? container
      : injected(container, { role, tokenFile, region: flags.region, isRegional })

  const token = {
    audience: (account[`${prefix}/audience`] ?? 'sts.amazonaws.com') || undefined, // Go omits an empty audience
    expirationSeconds: expirationOf(annotations) ?? expirationOf(account) ?? 86_400,
    path: 'token'
  }
  const volume = { name: volumeName, projected: { sources: [{ serviceAccountToken: token }] } }
  const isThere = volumes?.some(({ name }) => name === volumeName) ?? false

  return [
    ...(isThere
      ? []
      : [
          volumes
            ? { op: 'add', path: '/spec/volumes/0', value: volume }
            : { op: 'add', path: '/spec/volumes', value: [volume] }
        ]),
    { op: 'add', path: '/spec/containers', value: containers.map(inject) },
    ...(initContainers?.length
      ? [{ op: 'add', path: '/spec/initContainers', value: initContainers.map(inject) }]
      : [])
  ]
}

interface Injected {
  role: string
  tokenFile: string
  region: string | undefined
  isRegional: boolean
}

function injected(container: Container, { role, tokenFile, region, isRegional }: Injected): Container {
  const { env = [], volumeMounts = [] } = container
  const has = (...names: string[]): boolean => env.some(({ name }) => names.includes(name))
  const hasRole = has('AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE')
  const hasRegion = has('AWS_DEFAULT_REGION', 'AWS_REGION')
  if (hasRole && hasRegion && has('AWS_STS_REGIONAL_ENDPOINTS')) return container // without checking its mounts

  const added: { name: string; value: string }[] = []
  const add = (name: string, value: string): unknown => added.push({ name, value })
  if (isRegional && !has('AWS_STS_REGIONAL_ENDPOINTS')) add('AWS_STS_REGIONAL_ENDPOINTS', 'regional')
  if (region !== undefined && !hasRegion) {
    add('AWS_DEFAULT_REGION', region)
    add('AWS_REGION', region)
  }
  if (!hasRole) {
    add('AWS_ROLE_ARN', role)
    add('AWS_WEB_IDENTITY_TOKEN_FILE', tokenFile)
  }
  const isMounted = volumeMounts.some(({ name }) => name === volumeName)

  return {
    ...container,
    env: [...env, ...added],
    volumeMounts: isMounted ? volumeMounts : [...volumeMounts, mount]
  }
}

function expirationOf(annotations: Annotations): number | undefined {
  const text = annotations[`${prefix}/token-expiration`] ?? ''

  return /^[-+]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
    ? Math.max(Number(text), shortestExpiration)
    : undefined
}

/** Parses a Boolean as Go's strconv.ParseBool does. */
function parseBool(text = ''): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true

  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined
}
