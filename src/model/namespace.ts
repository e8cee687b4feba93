import { isRecord } from './subject.js'

/** What a namespace does with findings at admission. */
export const modes = ['enforce', 'warn', 'audit', 'off'] as const
export type Mode = (typeof modes)[number]

/** What a namespace's labels and annotations tell the guard. */
export interface NamespaceSettings {
  /** The label `irsa-guard.io/mode`; undefined when it is missing or none of the modes. */
  readonly mode: Mode | undefined
  /** The label `irsa-guard.io/pods: enforce`: pods may be denied, too. */
  readonly podsEnforced: boolean
  /** The annotation `irsa-guard.io/allowed-roles`: globs of role ARNs; undefined allows every role, an empty list none. */
  readonly allowedRoles: readonly string[] | undefined
}

/** Reads a namespace object's settings. Never throws, whatever its shape. */
export function parseNamespaceSettings(namespace: unknown): NamespaceSettings {
  const metadata = isRecord(namespace) && isRecord(namespace['metadata']) ? namespace['metadata'] : {}
  const labels = isRecord(metadata['labels']) ? metadata['labels'] : {}
  const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
  const allowed = annotations['irsa-guard.io/allowed-roles']

  return {
    mode: modes.find((mode) => mode === labels['irsa-guard.io/mode']),
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
