import type { ClusterCas } from '../ca-bundle/confirm-cas.js'
import { GuardError } from '../model/guard-error.js'
import { isObjectName } from '../model/object-name.js'
import { readBundleFacts } from './support/bundle-facts.js'
import type { BundleOutputOptions } from './support/bundle-output.js'
import { type CaExitCode, caOfConfiguration } from './support/bundles.js'
import { connectCluster, loadClusterCa, loadClusterObject } from './support/cluster.js'
import { loadCaFile } from './support/sources.js'

export type CaObjectOptions = BundleOutputOptions

/**
 * Reports whether the API server would accept each bundle of a webhook configuration in a cluster. Returns
 * the exit code; throws ERR_USAGE, ERR_INPUT and ERR_KUBECONFIG.
 */
export async function caOfObject(
  reference: string,
  options: CaObjectOptions,
  terminal: Parameters<typeof caOfConfiguration>[3],
  { environment = process.env, at = new Date() }: { environment?: NodeJS.ProcessEnv; at?: Date } = {}
): Promise<CaExitCode> {
  const { kind, name } = parseReference(reference)
  const client = connectCluster(options, environment)
  try {
    const object = await loadClusterObject(
      client,
      `/apis/admissionregistration.k8s.io/v1/${kind}s/${name}`,
      `${kind} ${name}`
    )
    const clusterCas =
      options.clusterCa === undefined
        ? await loadClusterCa(client, at)
        : givenClusterCas(await loadCaFile(options.clusterCa))

    return await caOfConfiguration(
      object,
      await readBundleFacts(client, object, clusterCas, at),
      options,
      terminal,
      at
    )
  } finally {
    client.close()
  }
}

/** CAs that the user names count as confirmed. */
const givenClusterCas = (confirmed: string): ClusterCas => ({ confirmed, unconfirmed: '', doubt: undefined })

function parseReference(reference: string): { kind: string; name: string } {
  const [, kind = '', name = ''] =
    /^((?:mutating|validating)webhookconfiguration)s?\/(.+)$/i.exec(reference) ?? []
  if (kind === '' || !isObjectName(name)) {
    const found = JSON.stringify(reference)
    throw new GuardError(
      'ERR_USAGE',
      `${found} is not a webhook configuration; expected mutatingwebhookconfiguration/NAME or validatingwebhookconfiguration/NAME`
    )
  }

  return { kind: kind.toLowerCase(), name }
}
