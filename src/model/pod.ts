import { enclosedIn } from '../text/escape.js'
import { isRecord, listOf, recordOf, textOf } from '../text/record.js'

/** A pod, or the pods that a template creates. Fields are paths in the user's own object. */
export interface Pod {
  /** `spec`, or `spec.template.spec` and the like. */
  readonly specField: string
  /** `metadata`, or `spec.template.metadata` and the like. */
  readonly metadataField: string
  readonly annotations: Readonly<Record<string, unknown>>
  readonly labels: Readonly<Record<string, unknown>>
  readonly serviceAccountName: string
  readonly priorityClassName: string | undefined
  readonly runtimeClassName: string | undefined
  readonly schedulerName: string | undefined
  /**
   * Init containers, then containers. Ephemeral containers are left out, because nothing is ever injected
   * into them.
   */
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
  readonly nodeSelector: Readonly<Record<string, unknown>>
  /**
   * Whether `os.name` or a required node affinity puts the pod on Windows, regardless of the node selector.
   */
  readonly wantsWindows: boolean
  /** Whether a required node affinity puts the pod on AWS Fargate. */
  readonly wantsFargate: boolean
}

export interface Container {
  readonly field: string
  readonly name: string
  /** Only AWS variables (`AWS_…`), in the order in which the container lists them. */
  readonly variables: readonly Variable[]
  /** The variables that name a proxy or the addresses that bypass it (`…_PROXY`, `…_proxy`). */
  readonly proxies: readonly Variable[]
  /** The total number of variables. */
  readonly variableCount: number
  /**
   * `envFrom`: objects whose keys become variables. A variable in `env` takes precedence, then the last of
   * these objects.
   */
  readonly variableSources: readonly VariableSource[]
  readonly mounts: readonly Mount[]
}

export interface Variable {
  readonly field: string
  readonly index: number
  readonly name: string
  /** Undefined if the value is known only at run time: `valueFrom`, or a reference to another variable. */
  readonly value: string | undefined
  /** The key of a Secret or ConfigMap from which the value comes. */
  readonly source?: DataReference & { readonly key: string }
}

/** A Secret or ConfigMap in the pod's namespace. If it is optional, it may be missing. */
export interface DataReference {
  readonly kind: 'Secret' | 'ConfigMap'
  readonly name: string
  readonly optional: boolean
}

export interface VariableSource extends DataReference {
  readonly field: string
  readonly prefix: string
}

export interface Mount {
  readonly field: string
  readonly volume: string
  readonly path: string
  readonly subPath: string | undefined
}

export interface Volume {
  readonly field: string
  readonly name: string
  /** The service account tokens of a projected volume; empty for any other volume. */
  readonly tokens: readonly ProjectedToken[]
  /** The Secrets whose keys are files in this volume. */
  readonly secrets: readonly DataReference[]
}

export interface ProjectedToken {
  readonly field: string
  readonly audience: string | undefined
  readonly path: string
}

/**
 * Reads a pod or a pod template (`metadata` and `spec`); undefined if it has no spec. Never throws, even if
 * its parts are malformed.
 */
export function parsePod(template: unknown, field = ''): Pod | undefined {
  if (!isRecord(template) || !isRecord(template['spec'])) return undefined

  const spec = template['spec']
  const metadata = recordOf(template['metadata'])
  const at = (name: string): string => (field === '' ? name : `${field}.${name}`)
  const specField = at('spec')

  return {
    specField,
    metadataField: at('metadata'),
    annotations: recordOf(metadata['annotations']),
    labels: recordOf(metadata['labels']),
    // An empty name is the same as no name, and `serviceAccount` is the old name of this field.
    serviceAccountName: textOf(spec['serviceAccountName']) ?? textOf(spec['serviceAccount']) ?? 'default',
    priorityClassName: textOf(spec['priorityClassName']),
    runtimeClassName: textOf(spec['runtimeClassName']),
    schedulerName: textOf(spec['schedulerName']),
    containers: [
      ...parseEach(spec['initContainers'], `${specField}.initContainers`, parseContainer),
      ...parseEach(spec['containers'], `${specField}.containers`, parseContainer)
    ],
    volumes: parseEach(spec['volumes'], `${specField}.volumes`, parseVolume),
    nodeSelector: recordOf(spec['nodeSelector']),
    wantsWindows:
      recordOf(spec['os'])['name'] === 'windows' || isBoundTo('windows', osLabels, spec['affinity']),
    wantsFargate: isBoundTo('fargate', [computeTypeLabel], spec['affinity'])
  }
}

/**
 * Whether a pod is a mirror of a static pod, which a kubelet runs from a file. The API server shows it, but
 * it is neither admitted nor mutated. https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
export function isMirrorPod(object: Readonly<Record<string, unknown>>): boolean {
  const metadata = recordOf(object['metadata'])
  const annotations = recordOf(metadata['annotations'])
  if (annotations['kubernetes.io/config.mirror'] !== undefined) return true
  const source = annotations['kubernetes.io/config.source']
  if (source !== undefined && source !== 'api') return true

  return listOf(metadata['ownerReferences']).some((owner) => recordOf(owner)['kind'] === 'Node')
}

/** The variable that a container sees: the last of several with the same name wins. */
export function variableOf(container: Container, name: string): Variable | undefined {
  return container.variables.findLast((variable) => variable.name === name)
}

function parseContainer(container: Readonly<Record<string, unknown>>, field: string): Container {
  const env = listOf(container['env'])
  const variables: Variable[] = []
  const proxies: Variable[] = []
  for (const [index, entry] of env.entries()) {
    const name = isRecord(entry) ? entry['name'] : undefined
    if (!isRecord(entry) || typeof name !== 'string') continue
    const kept = name.startsWith('AWS_') ? variables : isProxyVariable(name) ? proxies : undefined
    if (kept === undefined) continue
    const source = sourceOf(entry['valueFrom'])
    const value = valueOf(entry)
    kept.push({ field: `${field}.env[${index}]`, index, name, value, ...(source && { source }) })
  }

  return {
    field,
    name: textOf(container['name']) ?? '',
    variables,
    proxies,
    variableCount: env.length,
    variableSources: parseEach(container['envFrom'], `${field}.envFrom`, parseVariableSource),
    mounts: parseEach(container['volumeMounts'], `${field}.volumeMounts`, parseMount)
  }
}

const isProxyVariable = (name: string): boolean => name.endsWith('_PROXY') || name.endsWith('_proxy')

/** The key that `valueFrom` names. */
function sourceOf(valueFrom: unknown): Variable['source'] {
  for (const [kind, field] of [
    ['Secret', 'secretKeyRef'],
    ['ConfigMap', 'configMapKeyRef']
  ] as const) {
    const reference = recordOf(valueFrom)[field]
    const key = textOf(recordOf(reference)['key'])
    if (key !== undefined) return { ...referenceOf(kind, reference), key }
  }
  return
}

/** Reads a reference by name; in a volume, the name of a Secret is in `secretName`. */
function referenceOf(kind: DataReference['kind'], reference: unknown): DataReference {
  const { name, secretName, optional } = recordOf(reference)

  return { kind, name: textOf(secretName ?? name) ?? '', optional: optional === true }
}

function parseVariableSource(
  { secretRef, configMapRef, prefix }: Readonly<Record<string, unknown>>,
  field: string
): VariableSource {
  const reference = isRecord(secretRef)
    ? referenceOf('Secret', secretRef)
    : referenceOf('ConfigMap', configMapRef)

  return { ...reference, field, prefix: textOf(prefix) ?? '' }
}

function parseMount(mount: Readonly<Record<string, unknown>>, field: string): Mount | undefined {
  const path = textOf(mount['mountPath'])
  const volume = textOf(mount['name'])
  if (path === undefined || volume === undefined) return undefined

  return { field, volume, path, subPath: textOf(mount['subPath']) ?? textOf(mount['subPathExpr']) }
}

function valueOf(entry: Readonly<Record<string, unknown>>): string | undefined {
  if (isRecord(entry['valueFrom'])) return undefined
  const value = entry['value'] ?? ''
  if (typeof value !== 'string' || enclosedIn(value, '$(', ')') !== undefined) return undefined

  return value
}

function parseVolume(volume: Readonly<Record<string, unknown>>, field: string): Volume {
  return {
    field,
    name: textOf(volume['name']) ?? '',
    tokens: parseEach(recordOf(volume['projected'])['sources'], `${field}.projected.sources`, parseToken),
    secrets: [volume, ...listOf(recordOf(volume['projected'])['sources'])].flatMap((source) => {
      const secret = recordOf(source)['secret']
      return isRecord(secret) ? [referenceOf('Secret', secret)] : []
    })
  }
}

function parseToken(
  { serviceAccountToken: token }: Readonly<Record<string, unknown>>,
  field: string
): ProjectedToken | undefined {
  if (!isRecord(token)) return undefined

  return {
    field: `${field}.serviceAccountToken`,
    audience: textOf(token['audience']),
    path: textOf(token['path']) ?? ''
  }
}

/** The elements of an array that can be parsed; `field` is the path of the array. */
function parseEach<T>(
  list: unknown,
  field: string,
  parse: (member: Readonly<Record<string, unknown>>, field: string) => T | undefined
): T[] {
  const parsed: T[] = []
  for (const [index, member] of listOf(list).entries()) {
    const one = isRecord(member) ? parse(member, `${field}[${index}]`) : undefined
    if (one !== undefined) parsed.push(one)
  }

  return parsed
}

const osLabels = ['kubernetes.io/os', 'beta.kubernetes.io/os'] as const
/** The label that shows the compute type of an EKS node. */
export const computeTypeLabel = 'eks.amazonaws.com/compute-type'

/** Whether a required node affinity allows only nodes on which one of these labels has this value. */
function isBoundTo(wanted: string, labels: readonly string[], affinity: unknown): boolean {
  if (affinity === undefined) return false // nearly always
  const required = recordOf(recordOf(affinity)['nodeAffinity'])[
    'requiredDuringSchedulingIgnoredDuringExecution'
  ]
  const terms = listOf(recordOf(required)['nodeSelectorTerms'])

  // The terms are alternatives. Each term must require the value, otherwise the pod can run elsewhere.
  return (
    terms.length > 0 &&
    terms.every((term) =>
      listOf(recordOf(term)['matchExpressions']).some((expression) => {
        const { key, operator, values } = recordOf(expression)
        return (
          labels.some((label) => label === key) &&
          operator === 'In' &&
          listOf(values).length > 0 &&
          listOf(values).every((value) => value === wanted)
        )
      })
    )
  )
}
