import { matchesPattern, parsePattern, type Pattern, shortestMatchOf } from '../text/glob.js'
import { annotationsOf, recordOf } from '../text/record.js'

/** What a namespace does with findings at admission. */
export const modes = ['enforce', 'warn', 'audit', 'off'] as const
export type Mode = (typeof modes)[number]

/** The annotation of a namespace that limits which roles its service accounts may ask for. */
export const allowedRolesAnnotation = 'irsa-guard.io/allowed-roles'

/** The settings in a namespace's labels and annotations. */
export interface NamespaceSettings {
  /** The label `irsa-guard.io/mode`; undefined when it is missing or none of the modes. */
  readonly mode: Mode | undefined
  /** The value of the label if it is not a mode. */
  readonly unknownMode?: string
  /** The label `irsa-guard.io/pods: enforce`: pods may be denied, too. */
  readonly podsEnforced: boolean
  /**
   * The annotation `irsa-guard.io/allowed-roles`: globs of role ARNs; undefined allows every role, an empty
   * list none.
   */
  readonly allowedRoles: readonly string[] | undefined
}

/** Reads a namespace object's settings. Never throws, whatever its shape. */
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
 * `?` matches one; case matters.
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
   * The length of the shortest role that it allows. An annotation may hold 256 KiB of patterns, of which few
   * are that short.
   */
  readonly shortest: number
}

const parsed = new WeakMap<readonly string[], readonly RolePattern[]>()

/** The patterns of a namespace, parsed once, because every review of a service account in it needs them. */
function patternsOf(globs: readonly string[]): readonly RolePattern[] {
  let patterns = parsed.get(globs)
  if (patterns === undefined) {
    patterns = globs.map(parsePattern).map((pattern) => ({ pattern, shortest: shortestMatchOf(pattern) }))
    parsed.set(globs, patterns)
  }

  return patterns
}
