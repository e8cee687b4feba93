import type { KubeClient } from '../kube/client.js'
import { isObjectName } from '../kube/object-name.js'
import type { CaInjection } from '../model/ca-injection.js'
import { known, moot, unknown, type Fact } from '../model/fact.js'
import { annotationsOf, listOf, recordOf, textOf } from '../model/record.js'
import type { Webhook } from '../model/webhook-configuration.js'
import { before, reasonOf } from './before.js'

/** The CAs that an injector writes into a bundle, where it says so in public. */
export interface InjectedCas {
  /** PEM, as the injector has it. */
  readonly current: string
  /** What it wrote until the last renewal, where that is still told. */
  readonly former?: string | undefined
  /** Who says so, in words. */
  readonly source: string
}

/** Unknown for now: the API server did not answer, or not this time. What was right a moment ago is more likely than nothing. */
export interface InjectedCasFact {
  readonly fact: Fact<InjectedCas>
  readonly isPassing: boolean
}

/**
 * Reads which CAs an injection puts into the bundles of a webhook configuration. No Secret is ever read: that of a Certificate is written from
 * the CertificateRequest of its revision, whose status holds the same `ca` (cert-manager, pkg/controller/certificates/issuing). `namespace` is
 * one in which OpenShift's service CA is looked for. Never throws.
 */
export async function readInjectedCas(
  client: KubeClient,
  injection: CaInjection | undefined,
  { clusterCas, namespace, signal }: { clusterCas: string | undefined; namespace: string; signal: AbortSignal }
): Promise<InjectedCasFact> {
  if (injection === undefined) return lasting(moot('no injector is asked'))

  switch (injection.from) {
    case 'cluster':
      return lasting(
        clusterCas === undefined
          ? unknown('the CAs of the cluster are not known')
          : known({ current: clusterCas, source: 'kube-root-ca.crt' })
      )
    case 'service-ca':
      return readServiceCa(client, namespace, signal)
    case 'Secret':
      return lasting(unknown(`the CA is in Secret ${injection.value}, and Secrets are not read`))
    case 'Certificate':
      return readCertificateCa(client, injection, signal)
  }
}

/** The namespace in which OpenShift's service CA is looked for; every namespace has it. */
export const serviceNamespaceOf = ({ service }: Pick<Webhook, 'service'>): string => service?.namespace ?? 'default'

const lasting = (fact: Fact<InjectedCas>): InjectedCasFact => ({ fact, isPassing: false })

/** OpenShift's kube-controller-manager keeps this ConfigMap in every namespace: https://docs.openshift.com/container-platform/latest/security/certificates/service-serving-certificate.html */
async function readServiceCa(client: KubeClient, namespace: string, signal: AbortSignal): Promise<InjectedCasFact> {
  const name = `ConfigMap ${namespace}/openshift-service-ca.crt`
  if (!isObjectName(namespace)) return lasting(unknown(`${name} is not a name that an object can have`))

  const answer = await readObject(client, `/api/v1/namespaces/${namespace}/configmaps/openshift-service-ca.crt`, name, signal)
  if ('isPassing' in answer) return answer

  const current = textOf(recordOf(answer.object['data'])['service-ca.crt'])

  return lasting(current === undefined ? unknown(`${name} holds no service-ca.crt`) : known({ current, source: name }))
}

async function readCertificateCa(client: KubeClient, { reference, value }: CaInjection, signal: AbortSignal): Promise<InjectedCasFact> {
  const { namespace, name } = reference ?? { namespace: '', name: '' }
  const certificate = `Certificate ${value}`
  if (!isObjectName(namespace) || !isObjectName(name)) return lasting(unknown(`${certificate} is not a name that an object can have`))

  const folder = `/apis/cert-manager.io/v1/namespaces/${namespace}`
  const found = await readObject(client, `${folder}/certificates/${name}`, certificate, signal)
  if ('isPassing' in found) return found

  const revision = recordOf(found.object['status'])['revision']
  if (typeof revision !== 'number') return lasting(unknown(`${certificate} has not been issued yet`))

  // One object by its name each, so nobody needs the right to list: cert-manager has named them so since 1.13 (StableCertificateRequestName).
  const [last, now, next] = await Promise.all(
    [revision - 1, revision, revision + 1].map(async (number) => {
      const request = `CertificateRequest ${namespace}/${name}-${number}`
      const answer = await readObject(client, `${folder}/certificaterequests/${name}-${number}`, request, signal)
      if ('isPassing' in answer) return { answer, cas: undefined, request }

      return { answer, cas: casOfRequest(answer.object, { certificate: found.object, name, revision: number }), request }
    })
  )
  const sourceOf = ({ request }: { request: string }): string => `${certificate} (${request})`
  // The Secret is written first, and the revision counted after it.
  if (next?.cas !== undefined) return lasting(known({ current: next.cas, former: now?.cas, source: sourceOf(next) }))
  if (now?.cas !== undefined) return lasting(known({ current: now.cas, former: last?.cas, source: sourceOf(now) }))

  return now !== undefined && 'isPassing' in now.answer
    ? now.answer
    : lasting(unknown(`${now?.request ?? certificate} of ${certificate} does not show the CA`))
}

/**
 * The CA of an issued request (PEM), which issuers tell on a best-effort basis: https://cert-manager.io/docs/reference/api-docs/. Only a request
 * that this Certificate owns counts, as for cert-manager itself.
 */
function casOfRequest(
  request: Readonly<Record<string, unknown>>,
  { certificate, name, revision }: { certificate: Readonly<Record<string, unknown>>; name: string; revision: number }
): string | undefined {
  const annotations = annotationsOf(request)
  const { conditions, ca } = recordOf(request['status'])
  const isTrue = (type: string): boolean =>
    listOf(conditions)
      .map(recordOf)
      .some((condition) => condition['type'] === type && condition['status'] === 'True')
  const { uid } = recordOf(certificate['metadata'])
  const isOwned = listOf(recordOf(request['metadata'])['ownerReferences']).some((owner) => recordOf(owner)['uid'] === uid)
  if (!isOwned || !isTrue('Ready') || isTrue('Denied') || isTrue('InvalidRequest')) return undefined
  if (annotations['cert-manager.io/certificate-name'] !== name) return undefined
  if (annotations['cert-manager.io/certificate-revision'] !== String(revision)) return undefined

  return typeof ca === 'string' && ca !== '' ? Buffer.from(ca, 'base64').toString() : undefined
}

async function readObject(
  client: KubeClient,
  path: string,
  name: string,
  signal: AbortSignal
): Promise<{ readonly object: Readonly<Record<string, unknown>> } | InjectedCasFact> {
  const late = `${name} was not read in time`
  try {
    const reading = client.request({ path, signal }).then(known)
    const answer = await before(signal, reading, late)
    if (answer.state !== 'known') return { fact: answer, isPassing: true }
    const { status, body } = answer.value
    if (status === 200) return { object: recordOf(body) }
    if (status === 404) return lasting(unknown(`there is no ${name}`))

    // Too many requests, and faults of a server, pass: RFC 9110 section 15.6 and RFC 6585 section 4
    return { fact: unknown(`${name} could not be read (the API server answered ${status})`), isPassing: status === 429 || status >= 500 }
  } catch (error) {
    return { fact: unknown(`${name} could not be read (${reasonOf(error)})`), isPassing: true }
  }
}
