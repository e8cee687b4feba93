import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One certificate authority in the shape of the EKS API. */
export interface ServedAuthority {
  readonly id: string
  readonly signingStatus: string
  readonly distributionStatus: string
  readonly [field: string]: unknown
}

/** What the EKS API answers about the cluster `guard-test`. A test may replace each part. */
export interface EksAnswers {
  issuer: string
  /** The CAs as PEM, the one that signs first. */
  bundle: string
  authorities: readonly ServedAuthority[]
  /** Answers a request in another way; returns false to leave it to the others. */
  override?: ((path: string, response: ServerResponse) => boolean) | undefined
}

/** An EKS API, and the account of the credentials, over HTTP. */
export interface EksServer {
  readonly answers: EksAnswers
  /** The paths that were requested, with their queries. */
  readonly requests: string[]
  /** The environment that leads the AWS SDK here. */
  readonly env: Readonly<Record<string, string>>
  close(): void
}

export const eksCluster = 'arn:aws:eks:eu-west-1:111122223333:cluster/guard-test'

const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111122223333:role/guard</Arn><UserId>AROA</UserId><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`

/**
 * Starts the API. It answers as EKS does: rest-json, times as numbers of seconds. A request of EKS that would
 * write something ends the test.
 */
export async function startEksServer(answers: EksAnswers): Promise<EksServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (request.method === 'POST' && path === '/') {
      response.setHeader('content-type', 'text/xml')
      response.end(identity)
      return
    }
    if (request.method !== 'GET') throw new Error(`${request.method} ${path} would write`)
    requests.push(path)
    if (answers.override?.(path, response) === true) return
    const body = answerTo(path.replace(/\?.*$/, ''), answers)
    response.statusCode = body === undefined ? 404 : 200
    if (body === undefined) response.setHeader('x-amzn-errortype', 'ResourceNotFoundException')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body ?? { message: 'no such thing' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port

  return {
    answers,
    requests,
    env: {
      AWS_ENDPOINT_URL_EKS: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ACCESS_KEY_ID: 'AKIAOWN',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_REGION: 'eu-west-1'
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}

function answerTo(path: string, { issuer, bundle, authorities }: EksAnswers): object | undefined {
  const cluster = '/clusters/guard-test'
  if (path === cluster) {
    const data = Buffer.from(bundle).toString('base64')
    return {
      cluster: {
        name: 'guard-test',
        arn: eksCluster,
        status: 'ACTIVE',
        identity: { oidc: { issuer } },
        certificateAuthority: { data, active: { id: authorities[0]?.id, activatedBy: 'EKS' } }
      }
    }
  }
  if (path === `${cluster}/pod-identity-associations`) return { associations: [], nextToken: null }
  if (path === `${cluster}/certificate-authorities`) {
    const onlyDescribed = ['data', 'validity', 'scheduledEvents', 'rollbackAvailable']
    const summaries = authorities.map((one) =>
      Object.fromEntries(Object.entries(one).filter(([field]) => !onlyDescribed.includes(field)))
    )
    return { certificateAuthorities: summaries, nextToken: null }
  }
  const found = authorities.find(({ id }) => path === `${cluster}/certificate-authorities/${id}`)

  return found && { certificateAuthority: found }
}
