import { anyOne, anyRun, matchesPattern, parsePattern, type Pattern, shortestMatchOf } from '../text/glob.js'
import { annotationsOf, recordOf } from '../text/record.js'
import { longestRoleArn } from './role-arn.js'

/** How findings at admission are handled in a namespace. */
export const modes = ['enforce', 'warn', 'audit', 'off'] as const
export type Mode = (typeof modes)[number]

/** The annotation of a namespace that limits the roles that its service accounts may request. */
export const allowedRolesAnnotation = 'irsa-guard.io/allowed-roles'
/** The label of a namespace that sets its mode. */
export const modeLabel = 'irsa-guard.io/mode'
/** The label with which a namespace opts in to denying pods. Its value must be `enforce`. */
export const podsLabel = 'irsa-guard.io/pods'

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
  const label = labels[modeLabel]
  const mode = modes.find((mode) => mode === label)

  return {
    mode,
    ...(mode === undefined && label !== undefined && { unknownMode: JSON.stringify(label) }),
    podsEnforced: labels[podsLabel] === 'enforce',
    allowedRoles: typeof allowed === 'string' ? splitGlobs(allowed) : undefined
  }
}

/** The globs in an annotation value, which are separated by commas. */
export const splitGlobs = (value: string): string[] =>
  value
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '')

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
   * The length of the shortest role that the pattern matches. An annotation can contain 256 KiB of patterns.
   * Comparing this length first skips the patterns that cannot match because the role is too short.
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

/**
 * Whether a glob can match any role ARN. The function matches the glob against the shape of a role ARN,
 * position by position, so its time is proportional to the glob's length.
 */
export function canMatchRoleArn(glob: string): boolean {
  const pattern = parsePattern(glob)
  if (shortestMatchOf(pattern) > longestRoleArn) return false

  let reached = withRuns([0])
  for (const part of pattern) {
    if (part === anyRun) {
      const first = Math.min(...reached)
      reached = new Set(Array.from({ length: roleArnShape.length - first + 1 }, (_, index) => first + index))
    } else if (part === anyOne) reached = step(reached, () => true)
    else for (const character of part) reached = step(reached, ({ accepts }) => accepts(character))
    if (reached.size === 0) return false
  }

  return reached.has(roleArnShape.length)
}

interface Place {
  readonly accepts: (character: string) => boolean
  /** Any number of these characters, including none. */
  readonly isRun?: true
}

const placesOf = (literal: string): Place[] =>
  Array.from(literal, (expected) => ({ accepts: (character) => character === expected }))

/**
 * See {@link parseRoleArn}. Here, the path and the name form one run, which ends with a character that is
 * valid in a name.
 */
const roleArnShape: readonly Place[] = [
  ...placesOf('arn:aws'),
  { accepts: (character) => /^[a-z0-9-]$/.test(character), isRun: true },
  ...placesOf(':iam::'),
  ...Array.from({ length: 12 }, () => ({ accepts: (character: string) => /^\d$/.test(character) })),
  ...placesOf(':role/'),
  { accepts: (character) => /^[!-~]$/.test(character), isRun: true },
  { accepts: (character) => /^[\w+=,.@-]$/.test(character) }
]

function step(reached: ReadonlySet<number>, accepts: (place: Place) => boolean): Set<number> {
  const next: number[] = []
  for (const index of reached) {
    const place = roleArnShape[index]
    if (place === undefined || !accepts(place)) continue
    next.push(place.isRun ? index : index + 1)
  }

  return withRuns(next)
}

/** The given positions, plus the position after each run, because a run may be empty. */
function withRuns(places: readonly number[]): Set<number> {
  const reached = new Set(places)
  for (const index of reached) if (roleArnShape[index]?.isRun) reached.add(index + 1)

  return reached
}
