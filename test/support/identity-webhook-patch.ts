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
  metadata: { annotations?: Record<string, string>; labels?: Record<string, string> }
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
const shortestExpiration = 600

/** The two ways in which it gives credentials: what it mounts, and the variables that lead there. */
const webIdentity = {
  mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
  volume: 'aws-iam-token',
  file: 'token',
  variables: ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE']
} as const
const containerCredentials = {
  mountPath: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
  volume: 'eks-pod-identity-token',
  file: 'eks-pod-identity-token',
  variables: ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
} as const
const agentUri = 'http://169.254.170.23/v1/credentials'

/** What is played: mutate the first container only; the account is one of those with container credentials. */
export interface Part {
  half?: boolean
  isAssociated?: boolean
}

/** The JSON Patch for a pod of an account with these annotations; undefined leaves the pod alone. */
export function patchOf(
  pod: Pod,
  account: Annotations,
  flags: Flags,
  { half = false, isAssociated = false }: Part = {}
): unknown[] | undefined {
  const role = account[`${prefix}/role-arn`]
  // Of an account with container credentials, neither the role nor the audience counts.
  if (!isAssociated && (role === undefined || role === '')) return undefined

  const method = isAssociated ? containerCredentials : webIdentity
  const { volumes, containers, initContainers, nodeSelector = {} } = pod.spec
  const annotations = pod.metadata.annotations ?? {}
  const skipped = parseCsvRecord(annotations[`${prefix}/skip-containers`] ?? '')?.fields ?? []
  const isWindows = [nodeSelector['kubernetes.io/os'], nodeSelector['beta.kubernetes.io/os']].includes(
    'windows'
  )
  const path = `${method.mountPath}/${method.file}`
  const tokenFile = isWindows ? `C:${path}`.replaceAll('/', '\\') : path
  const isRegional = parseBool(account[`${prefix}/sts-regional-endpoints`]) ?? flags.regionalSts
  const inject = (container: Container): Container =>
    skipped.includes(container.name) || (half && container !== containers[0])
      ? container
      : injected(container, {
          method,
          values: [isAssociated ? agentUri : String(role), tokenFile],
          region: flags.region,
          isRegional
        })

  const token = {
    audience: isAssociated
      ? 'pods.eks.amazonaws.com'
      : (account[`${prefix}/audience`] ?? 'sts.amazonaws.com') || undefined, // Go leaves out what is empty
    expirationSeconds:
      expirationOf(annotations) ?? expirationOf(account) ?? (isAssociated ? betweenHours(22, 24) : 86_400),
    path: method.file
  }
  const volume = { name: method.volume, projected: { sources: [{ serviceAccountToken: token }] } }
  const isThere = volumes?.some(({ name }) => name === method.volume) ?? false

  return [
    ...(isAssociated ? [labelPatch(pod)] : []),
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

/** It labels the pod even if it skips every container. */
const labelPatch = ({ metadata: { labels } }: Pod): object =>
  labels === undefined
    ? { op: 'add', path: '/metadata/labels', value: { [`${prefix}/pod-identity`]: 'enabled' } }
    : { op: 'add', path: `/metadata/labels/${prefix}~1pod-identity`, value: 'enabled' }

const betweenHours = (first: number, last: number): number =>
  Math.floor((first + Math.random() * (last - first)) * 3600)

interface Injected {
  method: typeof webIdentity | typeof containerCredentials
  /** The values of its two variables. */
  values: readonly [string, string]
  region: string | undefined
  isRegional: boolean
}

function injected(container: Container, { method, values, region, isRegional }: Injected): Container {
  const { env = [], volumeMounts = [] } = container
  const has = (...names: string[]): boolean => env.some(({ name }) => names.includes(name))
  const hasRole = has(...method.variables)
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
    add(method.variables[0], values[0])
    add(method.variables[1], values[1])
  }
  const mount = { name: method.volume, readOnly: true, mountPath: method.mountPath }
  const isMounted = volumeMounts.some(({ name }) => name === method.volume)

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
