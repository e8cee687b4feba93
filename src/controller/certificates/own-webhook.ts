import type { KubeClient } from '../../kube/client.js'
import { applyObject, loadValue, readObject } from '../../kube/read.js'
import { notForBackups } from '../../sources/cluster/webhook-trust.js'
import { isRecord, listOf, recordOf } from '../../text/record.js'
import { ownNames } from '../own-names.js'
import { type Certificates, ownCasOf, planCertificates, sealOf } from './certificate-plan.js'

/** The content of irsa-guard's Secrets, and what this round changed in them. */
export interface OwnCertificates extends Certificates {
  /** The value of `clientConfig.caBundle`: base64 of all trusted CAs. */
  readonly caBundle: string
  readonly changes: readonly string[]
}

/**
 * Ensures that both Secrets contain valid certificates. Rejects if the API server refuses a request or does
 * not answer.
 */
export async function keepCertificates(
  client: KubeClient,
  { namespace, hosts, now }: { namespace: string; hosts: readonly string[]; now: Date }
): Promise<OwnCertificates> {
  const [caSecret, servingSecret] = await Promise.all([
    loadSecret(client, namespace, ownNames.caSecret),
    loadSecret(client, namespace, ownNames.servingSecret)
  ])
  const caKey = caSecret?.data['ca.key'] ?? ''
  const stored = pemsOf(caSecret?.data['ca.crt'] ?? '')
  const found = {
    cas: ownCasOf({ cas: stored, caKey }, caSecret?.data['ca.seal'] ?? ''),
    caKey,
    ...(servingSecret && {
      serving: { certificate: servingSecret.data['tls.crt'] ?? '', key: servingSecret.data['tls.key'] ?? '' }
    })
  }
  const names = [
    `${ownNames.service}.${namespace}.svc`,
    `${ownNames.service}.${namespace}.svc.cluster.local`,
    ...hosts
  ]
  const planned = planCertificates(found, names, now)
  const cas = planned.cas.join('')
  const seal = sealOf(planned)
  const changes: string[] = []

  // The CA is written first. If the process stops between the two writes, the next round issues a serving
  // certificate from a CA that is already trusted.
  if (cas !== caSecret?.data['ca.crt'] || planned.caKey !== caKey || seal !== caSecret.data['ca.seal']) {
    const data = { 'ca.crt': cas, 'ca.key': planned.caKey, 'ca.seal': seal }
    await writeSecret(client, namespace, ownNames.caSecret, 'Opaque', data, caSecret)
    changes.push(
      found.cas.length < stored.length
        ? 'CA, after removing a certificate that irsa-guard did not issue'
        : 'CA'
    )
  }
  const { certificate, key } = planned.serving
  if (
    certificate !== found.serving?.certificate ||
    key !== found.serving.key ||
    servingSecret?.data['ca.crt'] !== cas
  ) {
    const data = { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': cas }
    await writeSecret(client, namespace, ownNames.servingSecret, 'kubernetes.io/tls', data, servingSecret)
    changes.push('serving certificate')
  }

  return { ...planned, caBundle: Buffer.from(cas).toString('base64'), changes }
}

/**
 * Writes the caBundle into every webhook of our own configuration that lacks it. Returns the names of the
 * webhooks that it changed.
 */
export async function keepCaBundle(client: KubeClient, caBundle: string): Promise<readonly string[]> {
  const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${ownNames.webhookConfiguration}`
  const name = 'our webhook configuration'
  const configuration = loadValue(await readObject(client, path, { name }))
  if (configuration === undefined) return [] // not installed yet, or no longer installed

  const webhooks = listOf(configuration['webhooks']).filter(isRecord)
  const wrong = [...webhooks.entries()].filter(
    ([, { clientConfig }]) => !isRecord(clientConfig) || clientConfig['caBundle'] !== caBundle
  )
  if (wrong.length === 0) return []

  // The test operations prevent writing to the wrong webhook if the list has changed in the meantime.
  const patch = wrong.flatMap(([index, { name }]) => [
    { op: 'test', path: `/webhooks/${index}/name`, value: name },
    { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle }
  ])
  await applyObject(client, name, {
    method: 'PATCH',
    path,
    contentType: 'application/json-patch+json',
    body: patch
  })

  return wrong.map(([, { name }]) => String(name))
}

interface Secret {
  readonly resourceVersion: string
  readonly data: Readonly<Record<string, string>>
}

async function loadSecret(client: KubeClient, namespace: string, name: string): Promise<Secret | undefined> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`
  const secret = loadValue(await readObject(client, path, { name: `Secret ${namespace}/${name}` }))
  if (secret === undefined) return undefined

  const decoded = Object.entries(recordOf(secret['data'])).map(
    ([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')] as const
  )
  return {
    resourceVersion: String(recordOf(secret['metadata'])['resourceVersion']),
    data: Object.fromEntries(decoded)
  }
}

async function writeSecret(
  client: KubeClient,
  namespace: string,
  name: string,
  type: string,
  data: Readonly<Record<string, string>>,
  found: Secret | undefined
): Promise<void> {
  const collection = `/api/v1/namespaces/${namespace}/secrets`
  const metadata = {
    name,
    namespace,
    labels: notForBackups,
    ...(found && { resourceVersion: found.resourceVersion })
  }
  await applyObject(client, `Secret ${namespace}/${name}`, {
    method: found ? 'PUT' : 'POST',
    path: found ? `${collection}/${name}` : collection,
    body: { apiVersion: 'v1', kind: 'Secret', type, metadata, stringData: data }
  })
}

const pemsOf = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g) ?? []
