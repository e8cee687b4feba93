import { isRecord, recordOf } from '../../text/record.js'

/**
 * The cluster's CA (PEM) from the ConfigMap `kube-root-ca.crt`, which kube-controller-manager publishes in
 * every namespace. Objects of several clusters hold several; then nobody knows which one is meant, and it is
 * undefined.
 */
export function clusterCaAmong(objects: readonly unknown[]): string | undefined {
  const texts = new Set(
    objects
      .filter(isRecord)
      .filter(
        ({ kind, metadata }) => kind === 'ConfigMap' && recordOf(metadata)['name'] === 'kube-root-ca.crt'
      )
      .map(({ data }) => recordOf(data)['ca.crt'])
      .filter((text) => typeof text === 'string')
  )

  return texts.size === 1 ? [...texts][0] : undefined
}
