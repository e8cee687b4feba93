import type { DataKeys } from '../facts/facts.js'
import { type PodRole, roleShown } from '../identity-webhook/pod-role.js'
import { volumeBehind, volumeOf } from '../identity-webhook/token-file.js'
import type { Problem } from '../model/finding.js'
import { type Container, type DataReference, type Pod, variableOf, type Volume } from '../model/pod.js'
import { quote } from '../text/escape.js'
import { defineRule } from './define-rule.js'

export const staticCredentialsShadowRole = defineRule({
  id: 'static-credentials-shadow-role',
  summary: 'A container has an access key or a credentials file, which AWS SDKs may prefer over the role.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['podRole', 'dataKeys'],
  concerns: ({ pod }) => pod.containers.some((container) => mayHaveCredentials(pod, container)),
  check({ pod }, { podRole, dataKeys }) {
    const role = { shown: roleShown(podRole), end: endOf(podRole) }
    return podRole.containers.flatMap(({ container }) => {
      const problem =
        accessKeyProblem(container, role, dataKeys) ?? fileProblem(pod, container, role, dataKeys)

      return problem ?? []
    })
  }
})

/** The role, worded for use in a sentence, and how to give it up. */
interface ShadowedRole {
  readonly shown: string
  readonly end: string
}

const endOf = ({ chain }: PodRole): string =>
  chain === 'irsa' ? 'the role from its service account' : 'delete the association'

const accessKey = 'AWS_ACCESS_KEY_ID'
const secretKey = 'AWS_SECRET_ACCESS_KEY'
const files = ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'] as const

const mayHaveCredentials = (pod: Pod, { variables, variableSources, mounts }: Container): boolean =>
  variables.some(({ name }) => name === accessKey || files.some((file) => file === name)) ||
  // The `default` account is skipped: it rarely has a role, and many of its workloads use `envFrom`.
  (variableSources.length > 0 && pod.serviceAccountName !== 'default') ||
  mounts.some(({ path }) => isHomeFolder(path))

/**
 * The access key counts only with its secret:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
function accessKeyProblem(container: Container, role: ShadowedRole, keys: DataKeys): Problem | undefined {
  const key = setVariable(container, accessKey, keys)
  if (key === undefined || setVariable(container, secretKey, keys) === undefined) return

  return {
    field: key.field,
    message: `container ${container.name} sets ${accessKey}${key.from}, so AWS SDKs use that access key instead of ${role.shown}`,
    fix: `remove ${accessKey} and ${secretKey} from the container, or ${role.end}`
  }
}

/** The field that sets a variable, and the source of its value; undefined if it may have no value. */
function setVariable(
  container: Container,
  name: string,
  keys: DataKeys
): { readonly field: string; readonly from: string } | undefined {
  const variable = variableOf(container, name)
  if (variable !== undefined) {
    const { field, value, source } = variable
    const isMissing = source?.optional === true && !keysOf(source, keys).has(source.key)

    return value === '' || isMissing ? undefined : { field, from: '' }
  }
  const source = container.variableSources.findLast(
    (source) => name.startsWith(source.prefix) && keysOf(source, keys).has(name.slice(source.prefix.length))
  )

  return source && { field: source.field, from: ` (from ${source.kind} ${source.name})` }
}

/** The keys of a Secret or ConfigMap; none if the given files do not contain it. */
const keysOf = ({ kind, name }: DataReference, keys: DataKeys): ReadonlySet<string> =>
  keys.get(`${kind}/${name}`) ?? new Set()

/**
 * AWS SDKs differ: botocore and the SDK for Go v2 try the web identity first, the SDK for JavaScript tries
 * the files first, and some programs read the files themselves
 * (https://github.com/velero-io/velero/issues/8240).
 */
function fileProblem(
  pod: Pod,
  container: Container,
  role: ShadowedRole,
  keys: DataKeys
): Problem | undefined {
  const candidates = [
    ...files.flatMap((name) => {
      const { field, value } = variableOf(container, name) ?? {}
      return field === undefined || value === undefined || value === ''
        ? []
        : [{ field, what: `${name} (${quote(value)})`, volume: volumeBehind(value, pod, container) }]
    }),
    ...container.mounts
      .filter(({ path }) => isHomeFolder(path))
      .map((mount) => ({ field: mount.field, what: quote(mount.path), volume: volumeOf(pod, mount) }))
  ]
  const seen = new Set<Volume>() // many mounts can share a volume, and a volume can have many Secrets
  for (const { field, what, volume } of candidates) {
    if (volume === undefined || seen.has(volume)) continue
    seen.add(volume)
    const secret = volume.secrets.find(
      (reference) => !reference.optional || keys.has(`${reference.kind}/${reference.name}`)
    )
    if (secret === undefined) continue

    return {
      field,
      message: `container ${container.name} has AWS credentials or settings from Secret ${secret.name} in ${what}, which AWS SDKs may prefer over ${role.shown}`,
      fix: `remove that file from the container, or ${role.end}`
    }
  }
  return
}

/**
 * Whether a mount is in or at `~/.aws`, where SDKs look by default:
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
const isHomeFolder = (path: string): boolean => /\/\.aws(?:\/(?:credentials|config)?)?$/.test(path)
