import type { KubeClient } from '../kube/client.js'
import { listObjects, loadValue } from '../kube/read.js'

/** Reads all webhook configurations. Rejects if they cannot be read. */
export async function loadConfigurations(client: KubeClient): Promise<readonly unknown[]> {
  const lists = await Promise.all(
    ['mutating', 'validating'].map(async (kind) =>
      loadValue(
        await listObjects(client, `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`, {
          name: `the ${kind}webhookconfigurations`
        })
      )
    )
  )

  return lists.flat()
}
