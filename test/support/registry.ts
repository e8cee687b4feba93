import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A part of a registry's content. A manifest can also have a tag. */
export interface StoredContent {
  readonly mediaType: string
  readonly content: Buffer
  readonly tag?: string
}

/** A registry of container images on this host, which serves one repository. */
export interface Registry {
  /** Its address, as in the name of an image: `127.0.0.1:PORT`. */
  readonly host: string
  /** The paths of the requests that were answered with 200. */
  readonly served: readonly string[]
  stop(): Promise<void>
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex')

/**
 * Starts a registry with the pull half of
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md. As large registries do, it hands out a
 * token to everyone, requires it (unless `open`), and redirects to another path for blobs. `alter` damages
 * content on its way.
 */
export async function startRegistry(
  repository: string,
  stored: readonly StoredContent[],
  { open = false, alter = (content: Buffer): Buffer => content } = {}
): Promise<Registry> {
  const names = new Map(
    stored.flatMap((entry) => [
      [`sha256:${sha256(entry.content)}`, entry] as const,
      ...(entry.tag === undefined ? [] : [[entry.tag, entry] as const])
    ])
  )
  const served: string[] = []
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', host())
    const [, kind = '', name = ''] =
      new RegExp(`^/(?:v2/${repository}/)?(manifests|blobs|storage)/([^/]+)$`).exec(pathname) ?? []
    const found = names.get(name)
    const allowed = open || kind === 'storage' || request.headers.authorization === 'Bearer public'
    if (pathname === '/token' && searchParams.get('scope') === `repository:${repository}:pull`)
      response.end(JSON.stringify({ token: 'public' }))
    else if (!allowed) {
      const challenge = `Bearer realm="${host()}/token",service="${host()}",scope="repository:${repository}:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end()
    } else if (found === undefined) response.writeHead(404).end()
    else if (kind === 'blobs' && !open) response.writeHead(307, { location: `/storage/${name}` }).end()
    else {
      served.push(pathname)
      const content = alter(found.content)
      const headers = {
        'content-type': found.mediaType,
        'content-length': content.length,
        'docker-content-digest': `sha256:${sha256(content)}`
      }
      response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : content)
    }
  })
  const host = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    host: host().replace('http://', ''),
    served,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      })
  }
}
