import type { IamReply, IamRequest } from './fake-iam.js'

/** Sends a request on to moto, which tells services and accounts apart by who signed. */
export async function forwardToMoto(
  url: string,
  { action, parameters, accessKey }: IamRequest
): Promise<IamReply> {
  const service = ['GetCallerIdentity', 'AssumeRole'].includes(action) ? 'sts' : 'iam'
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`
    },
    body: parameters
  })

  return { status: answer.status, body: await answer.text() }
}
