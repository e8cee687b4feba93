import type { PreflightFacts } from '../../ca-bundle/preflight/preflight.js'
import { rolloutRestart } from '../../model/workload-kind.js'
import { recordOf, textOf } from '../../text/record.js'
import { runners } from '../cluster/collections.js'
import { readAll, type ReadCluster } from './preflight-fact.js'

/**
 * The command that restarts cert-manager's cainjector. If the cainjector cannot be found, or if no bundle
 * needs it, the command uses the namespace and name of a default installation. Never rejects.
 */
export async function readRestartOfInjector(
  cluster: ReadCluster,
  holders: PreflightFacts['holders'],
  kubectl: string
): Promise<string> {
  const isUsed = holders.some(
    ({ read }) =>
      read.state === 'known' &&
      read.value.some(({ injections }) => injections.some(({ from }) => from === 'cluster'))
  )
  const [deployments] = runners
  const found =
    isUsed && deployments !== undefined
      ? await readAll(cluster, { ...deployments, query: { labelSelector } })
      : undefined
  const names = (found?.state === 'known' ? found.value : []).map(({ metadata }) => {
    const { name, namespace } = recordOf(metadata)

    return { kind: 'Deployment', namespace: textOf(namespace) ?? '', name: textOf(name) ?? '' }
  })

  return (names.length > 0 ? names : [usual]).map((one) => rolloutRestart(kubectl, one)).join(' && ')
}

// https://github.com/cert-manager/cert-manager/tree/master/deploy/charts/cert-manager/templates
const labelSelector = 'app.kubernetes.io/name=cainjector'
const usual = { kind: 'Deployment', namespace: 'cert-manager', name: 'cert-manager-cainjector' }
