import type { KubeClient } from './client.js'

/** A client that remembers what its user is not permitted to do. */
export interface NotingClient {
  readonly client: KubeClient
  /**
   * Returns the reason. If the reason is a refusal, adds the command that shows whether the user has the
   * permission.
   */
  explain(because: string): string
}

/**
 * Notes the requests that the API server refuses with 403. The reasons for unknown facts name the path or the
 * collection that could not be read, but not the permission that is missing. `flags` are the kubectl flags that
 * select the cluster.
 */
export function noteRefusals(client: KubeClient, flags: string): NotingClient {
  const refused = new Map<string, string>()

  return {
    client: {
      ...client,
      request: async (request) => {
        const response = await client.request(request)
        if (response.status === 403)
          refused.set(request.path, `${canI(request.method ?? 'GET', request.path)}${flags}`)

        return response
      }
    },
    explain(because) {
      if (!because.includes('403')) return because
      const [, command] =
        [...refused].find(([path]) => because.includes(path)) ??
        [...refused].find(([path]) => path.startsWith('/.well-known/') && because.includes('issuer')) ??
        []

      return command === undefined ? because : `${because}: ${command}`
    }
  }
}

/**
 * The command that shows whether the user has the permission that a request needs.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export function canI(method: string, path: string): string {
  const [resourcePath = path] = path.split('?', 1)
  const [, group, namespace, plural, name] =
    /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(
      resourcePath
    ) ?? []
  if (plural === undefined) return `kubectl auth can-i get ${resourcePath}`
  const verb = method === 'POST' ? 'create' : name === undefined ? 'list' : 'get'
  const resource = `${plural}${group === undefined ? '' : `.${group}`}`

  return [
    `kubectl auth can-i ${verb} ${resource}${name === undefined ? '' : `/${name}`}`,
    ...(namespace === undefined ? [] : [`-n ${namespace}`])
  ].join(' ')
}
