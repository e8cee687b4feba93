import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, startControlPlane } from '../../test/control-plane/start.ts'

/** A control plane that records the requests of one user. */
export interface AuditedControlPlane extends ControlPlane {
  /** The requests that arrived between two times (milliseconds since 1970), such as `list pods`. */
  requestsBetween(from: number, until: number): Promise<readonly string[]>
}

/** Starts a control plane with an audit log of one user's requests. */
export async function startAuditedControlPlane(user: string): Promise<AuditedControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'irsa-guard-bench-'))
  const [policy, log] = [join(folder, 'policy.json'), join(folder, 'audit.log')]
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['ResponseStarted', 'ResponseComplete', 'Panic'],
      rules: [{ level: 'Metadata', users: [user] }, { level: 'None' }]
    })
  )
  const controlPlane = await startControlPlane({
    apiServerFlags: { 'audit-log-path': log, 'audit-policy-file': policy }
  })

  return {
    ...controlPlane,
    requestsBetween: async (from, until) =>
      (await readFile(log, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ requestReceivedTimestamp }) => {
          const at = Date.parse(requestReceivedTimestamp)
          return at >= from && at < until
        })
        .map(({ verb, objectRef, requestURI }) => `${verb} ${objectRef?.resource ?? requestURI}`),
    stop: async () => {
      await controlPlane.stop()
      await rm(folder, { recursive: true })
    }
  }
}

interface AuditEvent {
  readonly verb: string
  readonly requestURI: string
  readonly requestReceivedTimestamp: string
  readonly objectRef?: { readonly resource: string }
}
