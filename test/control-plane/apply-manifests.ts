import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { ControlPlane } from './start.ts'
import { waitFor } from './wait.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Applies manifests/, with the URL of the guard's webhooks in place of the Service. */
export async function applyManifests(controlPlane: ControlPlane, url: string): Promise<void> {
  const rendered = await controlPlane.kubectl(['kustomize', join(root, 'manifests')])
  if (rendered.code !== 0) throw new Error(`kubectl kustomize manifests: ${rendered.stderr}`)

  const objects = parseAllDocuments(rendered.stdout).map((document) => document.toJS() as unknown)
  for (const object of objects)
    if (isWebhookConfiguration(object)) for (const webhook of object.webhooks) webhook.clientConfig = { url }
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  // The first round may come before the API server serves the custom resource's kind, as for everybody who
  // applies the folder.
  await waitFor('kubectl apply -k manifests', async () => {
    const applied = await controlPlane.kubectl(['apply', '-f', '-'], JSON.stringify(list))
    if (applied.code !== 0) throw new Error(applied.stderr)

    return true
  })
}

interface WebhookConfiguration {
  kind: 'ValidatingWebhookConfiguration'
  webhooks: { clientConfig: unknown }[]
}

function isWebhookConfiguration(object: unknown): object is WebhookConfiguration {
  return (
    typeof object === 'object' &&
    object !== null &&
    'kind' in object &&
    object.kind === 'ValidatingWebhookConfiguration'
  )
}
