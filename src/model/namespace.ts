import { matchesPattern, parsePattern, type Pattern, shortestMatchOf } from '../text/glob.js'
import { annotationsOf, recordOf } from '../text/record.js'

/** How findings at admission are handled in a namespace. */
export const modes = ['enforce', 'warn', 'audit', 'off'] as const
export type Mode = (typeof modes)[number]

/** The annotation of a namespace that limits the roles that its service accounts may request. */
export const allowedRolesAnnotation = 'irsa-guard.io/allowed-roles'

/** The settings in a namespace's labels and annotations. */
export interface NamespaceSettings {
  /** The label `irsa-guard.io/mode`; undefined if it is missing or not a valid mode. */
  readonly mode: Mode | undefined
  /** The value of that label if it is not a valid mode. */
  readonly unknownMode?: string
  /** Whether the namespace has the label `irsa-guard.io/pods: enforce`, so that pods can be denied, too. */
  readonly podsEnforced: boolean
  /**
   * The annotation `irsa-guard.io/allowed-roles`: globs of role ARNs. Undefined allows every role, an empty
   * array none.
   */
  readonly allowedRoles: readonly string[] | undefined
}

/** Reads a namespace object's settings. Never throws, even if the object is malformed. */
export function parseNamespaceSettings(namespace: unknown): NamespaceSettings {
  const object = recordOf(namespace)
  const labels = recordOf(recordOf(object['metadata'])['labels'])
  const allowed = annotationsOf(object)[allowedRolesAnnotation]
  const label = labels['irsa-guard.io/mode']
  const mode = modes.find((mode) => mode === label)

  return {
    mode,
    ...(mode === undefined && label !== undefined && { unknownMode: JSON.stringify(label) }),
    podsEnforced: labels['irsa-guard.io/pods'] === 'enforce',
    allowedRoles:
      typeof allowed === 'string'
        ? allowed
            .split(',')
            .map((glob) => glob.trim())
            .filter((glob) => glob !== '')
        : undefined
  }
}

/**
 * Whether a namespace is allowed to use a role. In its globs, `*` matches any characters, including `/`, and
 * `?` matches one character. Globs are case-sensitive.
 */
export function isRoleAllowed({ allowedRoles }: NamespaceSettings, role: string): boolean {
  if (allowedRoles === undefined) return true

  return patternsOf(allowedRoles).some(
    ({ pattern, shortest }) => shortest <= role.length && matchesPattern(pattern, role)
  )
}

interface RolePattern {
  readonly pattern: Pattern
  /**
   * The length of the shortest role that it matches. An annotation can contain 256 KiB of patterns, and this
   * check skips those that are longer than the role.
   */
  readonly shortest: number
}

const parsed = new WeakMap<readonly string[], readonly RolePattern[]>()

/** A namespace's patterns, parsed only once because every review of its service accounts needs them. */
function patternsOf(globs: readonly string[]): readonly RolePattern[] {
  let patterns = parsed.get(globs)
  if (patterns === undefined) {
    patterns = globs.map(parsePattern).map((pattern) => ({ pattern, shortest: shortestMatchOf(pattern) }))
    parsed.set(globs, patterns)
  }

  return patterns
}
