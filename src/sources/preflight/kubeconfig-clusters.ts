import { readFile } from 'node:fs/promises'
import { KubeConfig } from '@kubernetes/client-node'
import type { KubeconfigCluster } from '../../ca-bundle/preflight/judge-kubeconfig.js'
import { GuardError } from '../../model/guard-error.js'
import { reasonOf } from '../../text/escape.js'
import { textOf } from '../../text/record.js'

/**
 * Reads the clusters of a kubeconfig, with their CAs. Throws ERR_KUBECONFIG if the file cannot be read as a
 * kubeconfig.
 */
export async function loadKubeconfigClusters(file: string): Promise<KubeconfigCluster[]> {
  const config = new KubeConfig()
  try {
    config.loadFromFile(file)
  } catch (cause) {
    const [reason] = reasonOf(cause).split('\n') // the remaining lines quote the YAML
    throw new GuardError('ERR_KUBECONFIG', `the kubeconfig ${file} cannot be used: ${reason}`, { cause })
  }

  return Promise.all(
    config.clusters.map(async ({ name, server, caData, caFile, skipTLSVerify }) => ({
      ...{ file, name, server, isUnverified: skipTLSVerify },
      ...(await readCas(textOf(caData), textOf(caFile)))
    }))
  )
}

/**
 * kubectl uses the CA data if both CA data and a CA file are given:
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
async function readCas(
  data: string | undefined,
  file: string | undefined
): Promise<Pick<KubeconfigCluster, 'cas' | 'problem'>> {
  if (data !== undefined) return { cas: Buffer.from(data, 'base64').toString() }
  if (file === undefined) return { cas: undefined }
  try {
    return { cas: await readFile(file, 'utf8') }
  } catch (error) {
    return { cas: undefined, problem: `its CA file could not be read (${reasonOf(error)})` }
  }
}
