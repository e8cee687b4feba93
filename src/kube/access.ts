import { known, unknown } from '../model/fact.js'
import { reasonOf } from '../text/escape.js'
import { listOf, recordOf, textOf } from '../text/record.js'
import type { KubeClient } from './client.js'
import { type KubeObject, type ReadFact, statusMessage } from './read.js'

/**
 * Asks the API server whether the caller has a permission, or whether the user in `spec` has it
 * (`SubjectAccessReview`). Never rejects.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export async function readAccess(
  client: KubeClient,
  kind: 'SelfSubjectAccessReview' | 'SubjectAccessReview',
  spec: KubeObject,
  signal?: AbortSignal
): Promise<ReadFact<boolean>> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind, spec }
  const answer = await post(client, `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, review, signal)
  if (answer.state === 'unknown') return answer
  const { allowed, evaluationError } = recordOf(answer.value['status'])
  const error = textOf(evaluationError)

  // The authorizer that failed might have allowed the request.
  return allowed !== true && error !== undefined ? unknown(error) : known(allowed === true)
}

/** The user that a client authenticates as. */
export interface KubeUser {
  readonly username: string
  readonly groups: readonly string[]
}

/**
 * Reads the user that the client authenticates as. Never rejects.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review
 */
export async function readUser(client: KubeClient): Promise<ReadFact<KubeUser>> {
  const answer = await post(client, '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview'
  })
  if (answer.state === 'unknown') return answer
  const { username, groups } = recordOf(recordOf(answer.value['status'])['userInfo'])

  return known({ username: textOf(username) ?? '', groups: listOf(groups).map(String) })
}

async function post(
  client: KubeClient,
  path: string,
  body: KubeObject,
  signal?: AbortSignal
): Promise<ReadFact<KubeObject>> {
  try {
    const response = await client.request({ method: 'POST', path, body, ...(signal && { signal }) })

    return response.status === 201
      ? known(recordOf(response.body))
      : { ...unknown(statusMessage(response)), response }
  } catch (error) {
    return unknown(reasonOf(error))
  }
}
