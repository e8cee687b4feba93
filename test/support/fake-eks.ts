import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readStream } from 'node:stream/consumers'
import {
  CreatePodIdentityAssociation$,
  DeletePodIdentityAssociation$,
  DescribePodIdentityAssociation$,
  ListPodIdentityAssociations$,
  PodIdentityAssociation$,
  PodIdentityAssociationSummary$,
  UpdatePodIdentityAssociation$
} from '@aws-sdk/client-eks'
import { identityReply } from './fake-iam.js'

/** An association as the API of EKS returns it: times are seconds since 1970. */
export type EksAssociation = Readonly<Record<string, unknown>> & {
  readonly associationId: string
  readonly namespace: string
  readonly serviceAccount: string
}

/** One request to EKS. `id` is set for a description, the query for a list. */
export interface EksRequest {
  readonly operation: 'ListPodIdentityAssociations' | 'DescribePodIdentityAssociation'
  readonly cluster: string
  readonly id: string
  readonly query: URLSearchParams
  /** The region in the signature. */
  readonly region: string
}

export type EksReply = { readonly status?: number; readonly body: unknown } | 'hang' | 'stall' | 'reset'

export interface FakeEks {
  readonly url: string
  /** The operations so far, in order, without those of STS. */
  readonly operations: string[]
  /** The associations that the server holds, by ID. They can be changed. */
  readonly associations: Map<string, EksAssociation>
  /** The names of the add-ons that were created. */
  readonly addons: string[]
  /** The number of requests that are not answered yet. */
  readonly open: () => number
  close(): Promise<void>
}

// The paths and fields are those of the SDK's own model of the API.
type Schema = readonly unknown[]
const pathOf = (operation: Schema): RegExp => {
  const [, path] = (operation[3] as { http: [string, string, number] }).http
  return new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`)
}
const methodOf = (operation: Schema): string => (operation[3] as { http: [string, string, number] }).http[0]
const fieldsOf = (structure: Schema): readonly string[] => structure[4] as string[]
const describePath = pathOf(DescribePodIdentityAssociation$)
const listPath = pathOf(ListPodIdentityAssociations$)
const pick = (association: EksAssociation, structure: Schema): object =>
  Object.fromEntries(Object.entries(association).filter(([key]) => fieldsOf(structure).includes(key)))

/** An error as EKS sends it. */
export const eksError = (status: number, name: string): EksReply => ({
  status,
  body: { __type: name, message: 'secret' }
})
export const notFound = eksError(404, 'ResourceNotFoundException')

/**
 * A server that speaks EKS's protocol and STS's GetCallerIdentity, and answers from its associations unless
 * `answer` says otherwise. `answer` is asked only about requests that change nothing.
 */
export async function startFakeEks(
  answer: (request: EksRequest) => EksReply | Promise<EksReply> | undefined = () => undefined,
  account = '111122223333'
): Promise<FakeEks> {
  const operations: string[] = []
  const associations = new Map<string, EksAssociation>()
  const addons: string[] = []
  let open = 0
  const server = createServer((request, response) => {
    open++
    response.on('close', () => open--)
    void respond(request, response)
  })
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://eks')
    const body = request.method === 'GET' ? '' : await readStream(request)
    if (request.method !== 'GET' && url.pathname.startsWith('/clusters/')) {
      const reply = write(request.method ?? '', url.pathname, body)
      response.writeHead(reply === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(reply ?? { __type: 'ResourceNotFoundException', message: url.pathname }))
      return
    }
    if (request.method === 'POST') {
      const reply = identityReply(account)
      response.writeHead(200, { 'content-type': 'text/xml' }).end(typeof reply === 'string' ? '' : reply.body)
      return
    }
    const [, describedIn, id = ''] = describePath.exec(url.pathname) ?? []
    const [, listedIn] = listPath.exec(url.pathname) ?? []
    const operation =
      listedIn === undefined ? 'DescribePodIdentityAssociation' : 'ListPodIdentityAssociations'
    operations.push(operation)
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const cluster = listedIn ?? describedIn ?? ''
    const asked: EksRequest = { operation, cluster, id, query: url.searchParams, region }
    const reply = (await answer(asked)) ?? (listedIn === undefined ? describe(id) : list(url.searchParams))
    if (reply === 'hang') return
    if (reply === 'stall') {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"associations":[')
      return
    }
    if (reply === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' })
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
  }

  /** Creates, changes or deletes an association, or creates an add-on; undefined if there is no such thing. */
  function write(method: string, path: string, body: string): object | undefined {
    const [, cluster = ''] = listPath.exec(path) ?? []
    const [, , id = ''] = describePath.exec(path) ?? []
    // The SDK has checked which fields a request has.
    const fields = JSON.parse(body === '' ? '{}' : body) as {
      addonName?: string
      namespace?: string
      serviceAccount?: string
    }
    const [, addonsOf] = /^\/clusters\/([^/]+)\/addons$/.exec(path) ?? []
    if (addonsOf !== undefined) {
      addons.push(fields.addonName ?? '')
      return { addon: fields }
    }
    if (method === methodOf(CreatePodIdentityAssociation$) && cluster !== '') {
      const created = `a-${fields.namespace}-${fields.serviceAccount}`
      const association = eksAssociation(created, fields.serviceAccount ?? '', {
        ...fields,
        clusterName: cluster,
        associationArn: `arn:aws:eks:us-east-1:${account}:podidentityassociation/${cluster}/${created}`
      })
      associations.set(created, association)
      return { association }
    }
    const association = associations.get(id)
    if (association === undefined) return undefined
    if (method === methodOf(DeletePodIdentityAssociation$)) associations.delete(id)
    if (method === methodOf(UpdatePodIdentityAssociation$))
      associations.set(id, { ...association, ...fields, modifiedAt: Date.now() / 1000 })

    return { association: associations.get(id) ?? association }
  }

  function list(query: URLSearchParams): EksReply {
    const matches = [...associations.values()].filter(
      ({ namespace, serviceAccount }) =>
        (query.get('namespace') ?? namespace) === namespace &&
        (query.get('serviceAccount') ?? serviceAccount) === serviceAccount
    )
    const [start, size] = [Number(query.get('nextToken') ?? 0), Number(query.get('maxResults') ?? 100)]
    const page = matches.slice(start, start + size).map((each) => pick(each, PodIdentityAssociationSummary$))
    const nextToken = start + size < matches.length ? String(start + size) : null

    return { body: { associations: page, nextToken } }
  }

  function describe(id: string): EksReply {
    const association = associations.get(id)

    return association === undefined
      ? notFound
      : { body: { association: pick(association, PodIdentityAssociation$) } }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server that listens has one

  return {
    url: `http://127.0.0.1:${port}`,
    operations,
    associations,
    addons,
    open: () => open,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

/** An association of cluster `prod`, as EKS would hold it. */
export function eksAssociation(
  id: string,
  serviceAccount: string,
  more: Readonly<Record<string, unknown>> = {}
): EksAssociation {
  return {
    clusterName: 'prod',
    namespace: 'shop',
    serviceAccount,
    roleArn: `arn:aws:iam::111122223333:role/${serviceAccount}`,
    associationArn: `arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/${id}`,
    associationId: id,
    tags: {},
    createdAt: Date.parse('2026-11-01T00:00:00Z') / 1000,
    modifiedAt: Date.parse('2026-11-02T00:00:00Z') / 1000,
    disableSessionTags: false,
    ...more
  }
}
