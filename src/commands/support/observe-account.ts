import { requestOf } from '../../facts/associations.js'
import { credentialsOf, isInjected } from '../../identity-webhook/credentials.js'
import type { OwnIdentity } from '../../identity-webhook/own-identity.js'
import { malformedRequestOf, type RoleRequest } from '../../identity-webhook/role-request.js'
import type { IdentityWebhookSettings } from '../../identity-webhook/settings.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, readObject } from '../../kube/read.js'
import { type Fact, known, unknown } from '../../model/fact.js'
import { isObjectName } from '../../model/object-name.js'
import { type AccountLookup, accountOf } from '../../model/service-account.js'
import {
  parseSubject,
  type PodSubject,
  type ServiceAccountSubject,
  type WorkloadSubject
} from '../../model/subject.js'
import { textOf } from '../../text/record.js'

/** Reads a service account; undefined if it does not exist. Never rejects. */
export async function readAccountObject(
  client: KubeClient,
  namespace: string,
  name: string
): Promise<Fact<KubeObject | undefined>> {
  if (!isObjectName(name)) return unknown('the name of the service account is not valid')
  const read = await readObject(client, `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`)

  return read.state === 'known' ? known(read.value) : unknown(read.because)
}

/** Whether the service account exists, and its annotations. */
export const accountFact = (object: Fact<KubeObject | undefined>): Fact<AccountLookup> =>
  object.state === 'known'
    ? known(object.value === undefined ? { exists: false } : accountOf(object.value))
    : object

/** The service account in the form that rules judge. If it could not be read, it has no annotations. */
export function accountSubjectOf(
  object: Fact<KubeObject | undefined>,
  namespace: string,
  name: string
): ServiceAccountSubject {
  const read = object.state === 'known' ? object.value : undefined
  const subject =
    read && parseSubject({ ...read, apiVersion: 'v1', kind: 'ServiceAccount' }, { stage: 'running' })

  return subject?.kind === 'ServiceAccount'
    ? subject
    : { kind: 'ServiceAccount', stage: 'running', namespace, name, annotations: {} }
}

/** What a service account requests; a malformed ARN counts, because the identity webhook injects it as it is. */
export function requestedBy(
  account: ServiceAccountSubject,
  fact: Fact<AccountLookup>,
  settings: IdentityWebhookSettings
): Fact<RoleRequest | undefined> {
  const asked = requestOf(account, fact, settings)
  if (asked.state !== 'known' || asked.value !== undefined) return asked
  const written = textOf(account.annotations[settings.annotationNames['role-arn']])

  return known(
    malformedRequestOf(account.annotations, settings) ??
      (written === undefined
        ? undefined
        : { role: written, isComposed: false, audience: settings.defaultAudience })
  )
}

/**
 * The role and token that the pod template itself sets. In a pod without a template, the identity webhook may
 * have injected them while the service account still requested a role. That can be recognized only if the
 * webhook injects the region, too.
 */
export function ownIdentityIn(
  subject: PodSubject | undefined,
  template: WorkloadSubject | undefined,
  settings: IdentityWebhookSettings
): OwnIdentity | undefined {
  const pod = template?.pod ?? subject?.pod
  for (const container of pod?.containers ?? []) {
    const credentials = pod && credentialsOf(pod, container, settings)
    if (credentials?.kind === 'web-identity' && !isInjected(container))
      return { container: container.name, role: credentials.role, token: credentials.token }
  }

  return undefined
}

/** A pod's own identity as a role request; unknown if the role is known only at run time. */
export const requestOfOwn = ({ role, token, container }: OwnIdentity): Fact<RoleRequest> =>
  role.value === undefined
    ? unknown(`${role.name} in container ${container} is known only at run time`)
    : known({ role: role.value, isComposed: false, audience: token?.audience })
