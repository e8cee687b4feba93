import { isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A file's path relative to a directory, with slashes; undefined for a file outside the directory. */
export function pathWithin(directory: string, file: string): string | undefined {
  const path = relative(directory, resolve(directory, file))
  const segments = path.split(sep)

  return path === '' || isAbsolute(path) || segments[0] === '..' ? undefined : segments.join('/')
}

/** A path to show to people and CI systems: relative to the directory if the file is in it. */
export const shownPath = (directory: string, file: string): string => pathWithin(directory, file) ?? file

/** The path as a relative URI reference, or the absolute `file:` URI of a file outside the directory. */
export function uriOf(directory: string, file: string): string {
  const path = pathWithin(directory, file.toWellFormed())

  return path === undefined
    ? pathToFileURL(resolve(directory, file.toWellFormed())).href
    : uriOfPath(path.split('/'))
}

/** Builds a relative URI reference from names with any characters. The reference never leaves its base. */
export const uriOfPath = (segments: readonly string[]): string =>
  segments
    .filter((segment) => segment !== '.' && segment !== '..')
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join('/')
