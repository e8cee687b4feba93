import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readStream } from 'node:stream/consumers'

/** One request of the query protocol: `Action` and its parameters, and the access key that signed it. */
export interface IamRequest {
  readonly action: string
  readonly parameters: URLSearchParams
  readonly accessKey: string
}

export type IamReply =
  { readonly status?: number; readonly body: string; readonly type?: string } | 'hang' | 'stall' | 'reset'

export interface FakeIam {
  readonly url: string
  /** The actions requested so far, in order. */
  readonly actions: string[]
  close(): Promise<void>
}

/**
 * A small server that answers in the XML of IAM and STS, with the replies that `answer` returns. Use it for
 * tests that moto cannot support: failures and the number of requests.
 */
export async function startFakeIam(
  answer: (request: IamRequest) => IamReply | Promise<IamReply>
): Promise<FakeIam> {
  const actions: string[] = []
  const server = createServer((request, response) => void respond(request, response))
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams(await readStream(request))
    const action = parameters.get('Action') ?? ''
    actions.push(action)
    const accessKey = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const reply = await answer({ action, parameters, accessKey })
    if (reply === 'hang') return
    if (reply === 'stall') {
      response.writeHead(200, { 'content-type': 'text/xml' }).write('<GetRoleResponse>')
      return
    }
    if (reply === 'reset') {
      request.socket.resetAndDestroy()
      return
    }
    response.writeHead(reply.status ?? 200, { 'content-type': reply.type ?? 'text/xml' }).end(reply.body)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a listening TCP server has an AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    actions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

const escape = (text: string): string =>
  text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)

const result = (action: string, inner: string): IamReply => ({
  body: `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${inner}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`
})

/** An error as IAM and STS send it. */
export const errorReply = (status: number, code: string, message = 'no'): IamReply => ({
  status,
  body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escape(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>`
})

export const absentReply = errorReply(404, 'NoSuchEntity')

export const identityReply = (account: string, partition = 'aws'): IamReply =>
  result(
    'GetCallerIdentity',
    `<Arn>arn:${partition}:sts::${account}:assumed-role/guard/s</Arn><UserId>A:s</UserId><Account>${account}</Account>`
  )

export const assumeRoleReply = (accessKey: string): IamReply =>
  result(
    'AssumeRole',
    `<Credentials><AccessKeyId>${accessKey}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials>`
  )

export function roleReply(
  arn: string,
  trustPolicy: object = { Version: '2012-10-17', Statement: [] }
): IamReply {
  const name = arn.split('/').at(-1) ?? ''
  const document = encodeURIComponent(JSON.stringify(trustPolicy))

  return result(
    'GetRole',
    `<Role><Path>/</Path><Arn>${escape(arn)}</Arn><RoleName>${name}</RoleName><RoleId>AROA1234567890123456</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>${document}</AssumeRolePolicyDocument></Role>`
  )
}

export const providerReply = (url: string, clientIds: readonly string[]): IamReply =>
  result(
    'GetOpenIDConnectProvider',
    `<Url>${escape(url)}</Url><ClientIDList>${clientIds.map((clientId) => `<member>${escape(clientId)}</member>`).join('')}</ClientIDList><ThumbprintList/>`
  )

export const providersReply = (arns: readonly string[]): IamReply =>
  result(
    'ListOpenIDConnectProviders',
    `<OpenIDConnectProviderList>${arns.map((arn) => `<member><Arn>${escape(arn)}</Arn></member>`).join('')}</OpenIDConnectProviderList>`
  )

/** A page of roles. `marker` refers to the next page; with null, IAM announces one without saying which. */
export const rolesReply = (
  roles: readonly { readonly arn: string; readonly trustPolicy?: object }[],
  marker?: string | null
): IamReply =>
  result(
    'ListRoles',
    `<IsTruncated>${marker !== undefined}</IsTruncated>${marker == null ? '' : `<Marker>${marker}</Marker>`}<Roles>${roles
      .map(({ arn, trustPolicy }) => {
        const document = trustPolicy && encodeURIComponent(JSON.stringify(trustPolicy))
        return `<member><Path>/</Path><Arn>${escape(arn)}</Arn><RoleName>r</RoleName><RoleId>AROA1234567890123456</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate>${document === undefined ? '' : `<AssumeRolePolicyDocument>${document}</AssumeRolePolicyDocument>`}</member>`
      })
      .join('')}</Roles>`
  )
