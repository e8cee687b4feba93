import type { Container, Mount, Pod, ProjectedToken, Variable, Volume } from '../model/pod.js'
import { quote } from '../text/escape.js'
import { memoizeGroups } from '../text/memoize.js'
import { defaultIdentityWebhook, tokenVolume } from './settings.js'

/** The projected token behind a file of a container. */
export type TokenLookup =
  | { readonly kind: 'found'; readonly token: ProjectedToken }
  /**
   * The file cannot be checked: its path is known only at run time, or it is in a volume of a different kind
   * (filled by a sidecar or a driver).
   */
  | { readonly kind: 'hidden' }
  | { readonly kind: 'missing'; readonly lacks: string; readonly field: string; readonly volume?: string }

/** Volumes in which only a projected token makes sense. */
const namesOfTokenVolumes: ReadonlySet<string> = new Set([
  tokenVolume,
  defaultIdentityWebhook.containerCredentials.volume
])

/** Looks up the token in the file that a variable names. */
export function tokenBehind(file: Variable, pod: Pod, container: Container): TokenLookup {
  if (file.value === undefined) return { kind: 'hidden' }

  const found = mountBehind(file.value, container)
  if (found === undefined)
    return {
      kind: 'missing',
      lacks: `has no volume mount at ${quote(file.value)} (its ${file.name})`,
      field: file.field
    }

  const { mount, inside } = found
  const volume = volumeOf(pod, mount)
  if (volume === undefined) {
    return {
      kind: 'missing',
      lacks: `mounts the volume ${mount.volume}, which the pod does not define`,
      field: mount.field,
      volume: mount.volume
    }
  }
  if (volume.tokens.length === 0 && !namesOfTokenVolumes.has(volume.name)) return { kind: 'hidden' }

  const [token] = tokensAt(volume.tokens, inside)
  if (token !== undefined) return { kind: 'found', token }

  return {
    kind: 'missing',
    lacks: `expects the service account token ${quote(inside)} in the volume ${volume.name}, which does not contain it`,
    field: volume.field,
    volume: volume.name
  }
}

/** The mount that contains a path, and where the path is in its volume. */
function mountBehind(
  path: string,
  container: Container
): { readonly mount: Mount; readonly inside: string } | undefined {
  const wanted = partsOf(path)
  const [deepest] = container.mounts
    .map((mount) => ({ mount, parts: partsOf(mount.path) }))
    .filter(({ parts }) => parts.every((part, index) => part === wanted[index]))
    .sort((one, other) => other.parts.length - one.parts.length)
  if (deepest === undefined) return
  const { mount, parts } = deepest
  const inside = [
    ...(mount.subPath === undefined ? [] : partsOf(mount.subPath)),
    ...wanted.slice(parts.length)
  ].join('/')

  return { mount, inside }
}

/** The volume of a mount; undefined if the pod does not define it. */
export const volumeOf = (pod: Pod, { volume }: Mount): Volume | undefined =>
  volumesNamed(pod.volumes, volume)[0]

/** The volume that contains a file of a container; undefined if no volume is known to contain it. */
export function volumeBehind(path: string, pod: Pod, container: Container): Volume | undefined {
  const found = mountBehind(path, container)

  return found && volumeOf(pod, found.mount)
}

// A pod can have thousands of containers, volumes and tokens.
const volumesNamed = memoizeGroups(({ name }: Volume) => name)
const tokensAt = memoizeGroups(({ path }: ProjectedToken) => plainPath(path))

const plainPath = (path: string): string => partsOf(path).join('/')
/** Whether two paths lead to the same file. */
export const isSamePath = (one: string, other: string): boolean =>
  one === other || plainPath(one) === plainPath(other)

/**
 * Splits a path into its parts. A Windows path and the Unix path into which the container runtime converts it
 * have the same parts.
 */
function partsOf(path: string): string[] {
  return path
    .replace(/^[A-Za-z]:/, '')
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.')
}
