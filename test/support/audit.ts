import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

interface AuditEvent {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly requestURI: string
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly apiGroup?: string
  }
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * The flags with which an API server writes the requests of some users to a file. `whose` is a line of the audit
 * policy, such as `userGroups: [testers]`.
 */
export function auditFlags(
  folder: string,
  whose: string
): { readonly file: string; readonly flags: Record<string, string> } {
  const [file, policy] = [`${folder}/audit.log`, `${folder}/audit-policy.yaml`]
  writeFileSync(
    policy,
    `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    ${whose}
  - level: None
`
  )

  return { file, flags: { 'audit-log-path': file, 'audit-policy-file': policy } }
}

/**
 * The rights that a user's requests used, such as `get pods` or `list deployments.apps`, and the requests that
 * RBAC refused. The API server writes an event after it has answered.
 */
export async function readAudit(
  file: string,
  user: string
): Promise<{ readonly used: ReadonlySet<string>; readonly forbidden: readonly string[] }> {
  await sleep(1000)
  const events = auditEvents(file).filter(({ user: { username } }) => username === user)

  return {
    used: new Set(events.map(rightOf)),
    forbidden: events.filter(isForbidden).map(({ verb, requestURI }) => `${verb} ${requestURI}`)
  }
}

/** The events so far. The last line can be incomplete. */
const auditEvents = (file: string): AuditEvent[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent) // an event of level Metadata has these fields

/** Whether RBAC refused the request. An admission webhook or policy that denies it is something else. */
const isForbidden = ({ annotations }: AuditEvent): boolean =>
  annotations?.['authorization.k8s.io/decision'] === 'forbid'

/** The right that a request needs. */
function rightOf({ verb, objectRef, requestURI }: AuditEvent): string {
  if (objectRef === undefined) return `${verb} ${requestURI.split('?')[0] ?? ''}`
  const { resource, subresource, apiGroup } = objectRef
  const path = subresource === undefined ? resource : `${resource}/${subresource}`

  return `${verb} ${path}${apiGroup === undefined ? '' : `.${apiGroup}`}`
}
