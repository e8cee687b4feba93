import { quote, reasonOf } from '../text/escape.js'
import { isRecord, recordOf, textOf } from '../text/record.js'

/** One entry of the ConfigMap that an identity webhook watches. */
export interface ConfiguredRole {
  /** Undefined if the entry names no role: the account then gets none. */
  readonly role: string | undefined
  readonly audience: string | undefined
}

/** The roles in the ConfigMap, or why the identity webhook cannot use it. */
export type ConfigMapReading =
  | { readonly roles: ReadonlyMap<string, ConfiguredRole> }
  /** `crashes`: whether the identity webhook crashes. If not, it keeps its previous roles. */
  | { readonly wrong: string; readonly crashes: boolean }

/**
 * Reads the ConfigMap `pod-identity-webhook` as Go's encoding/json does. Its key `config` contains a JSON
 * object, as kOps writes it, with `RoleARN` and `Audience` for each `namespace/name`. Never throws.
 */
export function parseIdentityWebhookConfigMap(configMap: unknown): ConfigMapReading {
  const text = recordOf(recordOf(configMap)['data'])['config']
  if (typeof text !== 'string') return rejected('it has no key "config"')

  let config: unknown
  try {
    config = JSON.parse(text)
  } catch (error) {
    return rejected(`its key "config" is not JSON: ${reasonOf(error)}`)
  }
  if (config === null) return { roles: new Map() }
  if (!isRecord(config)) return rejected('its key "config" is not a JSON object')

  const entries = Object.entries(config)
  // Go decodes the whole text before the identity webhook looks at any entry.
  for (const [account, entry] of entries) {
    const fault = entry === null ? undefined : faultOf(entry)
    if (fault !== undefined) return rejected(`its entry ${quote(account)} ${fault}`)
  }
  const roles = new Map<string, ConfiguredRole>()
  for (const [account, entry] of entries) {
    const [namespace, name] = account.split('/', 2)
    if (namespace === undefined || name === undefined)
      return { wrong: `its entry ${quote(account)} is not named <namespace>/<name>`, crashes: true }
    if (!isRecord(entry)) return { wrong: `its entry ${quote(account)} is null`, crashes: true }
    const fields = fieldsOf(entry)
    // An entry without a role ends the lookup, so the account gets none.
    roles.set(`${namespace}/${name}`, {
      role: textOf(fields.get('rolearn')),
      audience: textOf(fields.get('audience'))
    })
  }

  return { roles }
}

const rejected = (wrong: string): ConfigMapReading => ({ wrong, crashes: false })

/** The fields of an entry. Go ignores the case of keys, and null changes nothing. */
const fieldsOf = (entry: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> =>
  new Map(
    Object.entries(entry).flatMap(([key, value]) => (value === null ? [] : [[key.toLowerCase(), value]]))
  )

const types: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  rolearn: ['a string', (value) => typeof value === 'string'],
  audience: ['a string', (value) => typeof value === 'string'],
  useregionalsts: ['a Boolean', (value) => typeof value === 'boolean'],
  tokenexpiration: ['an integer', (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 63]
}

function faultOf(entry: unknown): string | undefined {
  if (!isRecord(entry)) return 'is not an object'
  for (const [key, value] of Object.entries(entry)) {
    const name = key.toLowerCase()
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type !== undefined && value !== null && !type[1](value))
      return `has a ${quote(key)} that is not ${type[0]}`
  }
  return
}
