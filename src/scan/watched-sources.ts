import type { AccountSource, NamespaceSource } from '../facts/facts.js'
import { objectKeyOf } from '../kube/list-and-watch.js'
import { known, moot, unknown } from '../model/fact.js'
import { parseNamespaceSettings } from '../model/namespace.js'
import { recordOf } from '../text/record.js'
import type { WatchedObjects } from './watch-objects.js'

// A bookmark arrives about once a minute. If a watch has been silent for longer than this, objects that exist
// now may be missing from its collection.
const maxSilence = 300_000

/** The service accounts and namespaces that watches have seen. Each answer is available at once. */
export function watchedSources(objects: WatchedObjects): AccountSource & NamespaceSource {
  const silenceOf = (plural: string): string | undefined => {
    const at = objects.lastEvents[plural]

    return at !== undefined && Date.now() - at.getTime() > maxSilence
      ? `the API server has sent nothing about ${plural} for five minutes`
      : undefined
  }

  return {
    readAccount: (namespace, name) => {
      const found = objects.find('serviceaccounts', objectKeyOf(namespace, name))
      if (found !== undefined)
        return known({ exists: true, annotations: recordOf(recordOf(found['metadata'])['annotations']) })
      const because = objects.unreadBecause('serviceaccounts') ?? silenceOf('serviceaccounts')

      return because === undefined ? known({ exists: false }) : unknown(because)
    },
    readNamespace: (name) => {
      const found = objects.find('namespaces', name)
      if (found !== undefined) return known(parseNamespaceSettings(found))
      const because = objects.unreadBecause('namespaces')

      // As in `scan`, namespaces that cannot be read are treated as unrestricted.
      return because === undefined ? known(parseNamespaceSettings(undefined)) : moot(because)
    }
  }
}
