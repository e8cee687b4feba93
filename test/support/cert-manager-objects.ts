import type { ControlPlane } from '../control-plane/start.ts'

/** A Certificate, as far as its issuance needs it. */
interface CertificateOf {
  readonly namespace: string
  readonly name: string
  readonly secretName: string
  readonly issuerRef: object
}

const standard: CertificateOf = {
  namespace: 'identity',
  name: 'webhook',
  secretName: 'webhook',
  issuerRef: { name: 'internal' }
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/**
 * Writes the objects as cert-manager's controllers do when they issue this revision of a Certificate, which is
 * `identity/webhook` and is created here unless an existing one is given, in the same order: the condition Issuing, the request, the Secret and the Certificate's
 * revision. Then deletes the request of the previous revision (revisionHistoryLimit 1).
 */
export async function issueCertificate(
  { kubectl }: Pick<ControlPlane, 'kubectl'>,
  { revision, ca, existing }: { revision: number; ca: string; existing?: CertificateOf }
): Promise<void> {
  const run = async (args: string[], object?: unknown): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(
      args,
      object === undefined ? undefined : JSON.stringify(object)
    )
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`)

    return stdout
  }
  const apply = (object: unknown): Promise<string> => run(['apply', '--server-side', '-f', '-'], object)
  const applyStatus = (object: unknown): Promise<string> =>
    run(['apply', '--server-side', '--subresource=status', '-f', '-'], object)
  const { namespace, name, secretName, issuerRef } = existing ?? standard
  const certificate = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name, namespace } }
  if (existing === undefined)
    await apply({
      ...certificate,
      spec: { secretName, issuerRef, dnsNames: [`${name}.${namespace}.svc`] }
    })
  const uid = await run(['get', 'certificate', name, '-n', namespace, '-o', 'jsonpath={.metadata.uid}'])

  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'Renewing',
    lastTransitionTime: '2026-11-24T00:00:00Z'
  }
  await applyStatus({
    ...certificate,
    status: { conditions: [issuing], ...(revision > 1 && { revision: revision - 1 }) }
  })

  const request = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: { name: `${name}-${revision}`, namespace }
  }
  const annotations = {
    'cert-manager.io/certificate-name': name,
    'cert-manager.io/certificate-revision': String(revision)
  }
  const ownerReferences = [
    { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name, uid, controller: true }
  ]
  await apply({
    ...request,
    metadata: { ...request.metadata, annotations, ownerReferences },
    spec: { issuerRef, request: base64('a request') }
  })
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'Issued', lastTransitionTime: '2026-11-24T00:00:00Z' }
  ]
  await applyStatus({ ...request, status: { conditions, ca: base64(ca), certificate: base64(ca) } })

  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName, namespace, annotations: { 'cert-manager.io/certificate-name': name } }
  }
  await apply({ ...secret, data: { 'ca.crt': base64(ca) } })
  await applyStatus({ ...certificate, status: { revision } })
  await run([
    'delete',
    'certificaterequest',
    `${name}-${revision - 1}`,
    '-n',
    namespace,
    '--ignore-not-found'
  ])
}
