import type { DataKeys } from '../../facts/facts.js'
import { isRecord, recordOf, textOf } from '../../text/record.js'

/**
 * The keys of the Secrets and ConfigMaps among the given objects, by namespace. Values are never kept. If an
 * object is given several times, as in overlays for several environments, the last one counts.
 */
export function dataKeysAmong(objects: readonly unknown[], namespace = ''): ReadonlyMap<string, DataKeys> {
  const byNamespace = new Map<string, Map<string, ReadonlySet<string>>>()
  for (const object of objects) {
    if (!isRecord(object) || object['apiVersion'] !== 'v1') continue
    const { kind, metadata, data, stringData } = object
    if (kind !== 'Secret' && kind !== 'ConfigMap') continue

    const { namespace: own, name } = recordOf(metadata)
    const at = textOf(own) ?? namespace
    const keys = byNamespace.get(at) ?? new Map<string, ReadonlySet<string>>()
    byNamespace.set(at, keys)
    keys.set(
      `${kind}/${textOf(name) ?? ''}`,
      new Set([...Object.keys(recordOf(data)), ...Object.keys(recordOf(stringData))])
    )
  }

  return byNamespace
}
