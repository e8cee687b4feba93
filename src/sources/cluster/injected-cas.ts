import type { CaInjection, InjectedCas, InjectedCasFact } from '../../ca-bundle/injection.js'
import type { KubeClient } from '../../kube/client.js'
import { type KubeObject, readObject } from '../../kube/read.js'
import { type Fact, known, moot, unknown } from '../../model/fact.js'
import { isObjectName } from '../../model/object-name.js'
import { annotationsOf, listOf, recordOf, textOf } from '../../text/record.js'

/**
 * Finds out which CAs an injection puts into the bundles of a webhook configuration. No Secret is ever read:
 * cert-manager writes a Certificate's Secret from the CertificateRequest of the current revision. The
 * `status.ca` of that request is the `ca.crt` of the Secret (cert-manager,
 * pkg/controller/certificates/issuing). Never throws.
 */
export async function readInjectedCas(
  client: KubeClient,
  injection: CaInjection | undefined,
  { clusterCas, signal }: { clusterCas: string | undefined; signal: AbortSignal }
): Promise<InjectedCasFact> {
  if (injection === undefined) return lasting(moot('no injector is requested'))

  switch (injection.from) {
    case 'cluster':
      return lasting(
        clusterCas === undefined
          ? unknown('the cluster CAs are unknown')
          : known({ current: clusterCas, source: 'kube-root-ca.crt' })
      )
    case 'service-ca':
      return readServiceCa(client, signal)
    case 'Secret':
      return lasting(unknown(`the CA is in Secret ${injection.value}, and irsa-guard does not read Secrets`))
    case 'Certificate':
      return readCertificateCa(client, injection, signal)
  }
}

const lasting = (fact: Fact<InjectedCas>): InjectedCasFact => ({ fact, isPassing: false })

/**
 * Reads the CAs of OpenShift's service-ca. kube-controller-manager keeps their ConfigMap in every namespace.
 * It is read from a namespace in which only administrators can write. In any other namespace, any user who
 * can write ConfigMaps could name their own CA.
 * https://docs.openshift.com/container-platform/latest/security/certificates/service-serving-certificate.html
 */
async function readServiceCa(client: KubeClient, signal: AbortSignal): Promise<InjectedCasFact> {
  const name = 'ConfigMap kube-system/openshift-service-ca.crt'
  const answer = await readExisting(
    client,
    '/api/v1/namespaces/kube-system/configmaps/openshift-service-ca.crt',
    name,
    signal
  )
  if ('isPassing' in answer) return answer

  const current = textOf(recordOf(answer.object['data'])['service-ca.crt'])

  return lasting(
    current === undefined ? unknown(`${name} contains no service-ca.crt`) : known({ current, source: name })
  )
}

async function readCertificateCa(
  client: KubeClient,
  { reference, value }: CaInjection,
  signal: AbortSignal
): Promise<InjectedCasFact> {
  const { namespace, name } = reference ?? { namespace: '', name: '' }
  const certificate = `Certificate ${value}`
  if (!isObjectName(namespace) || !isObjectName(name))
    return lasting(unknown(`the namespace or name of ${certificate} is not valid`))

  const folder = `/apis/cert-manager.io/v1/namespaces/${namespace}`
  const found = await readExisting(client, `${folder}/certificates/${name}`, certificate, signal)
  if ('isPassing' in found) return found

  const revision = recordOf(found.object['status'])['revision']
  if (typeof revision !== 'number') return lasting(unknown(`${certificate} has not been issued yet`))

  // Objects are read by name, so no list permission is needed. cert-manager has used these names since 1.13
  // (StableCertificateRequestName).
  const [last, now, next] = await Promise.all(
    [revision - 1, revision, revision + 1].map(async (number) => {
      const request = `CertificateRequest ${namespace}/${name}-${number}`
      const answer = await readExisting(
        client,
        `${folder}/certificaterequests/${name}-${number}`,
        request,
        signal
      )
      if ('isPassing' in answer) return { answer, cas: undefined, request }

      return {
        answer,
        cas: casOfRequest(answer.object, { certificate: found.object, name, revision: number }),
        request
      }
    })
  )
  const sourceOf = ({ request }: { request: string }): string => `${certificate} (${request})`
  // cert-manager writes the Secret first and then increments the revision. If no issuance is in progress, a
  // request for the next revision is not cert-manager's.
  if (next?.cas !== undefined && isConditionTrue(found.object, 'Issuing'))
    return lasting(known({ current: next.cas, former: now?.cas, earlier: last?.cas, source: sourceOf(next) }))
  if (now?.cas !== undefined)
    return lasting(known({ current: now.cas, earlier: last?.cas, source: sourceOf(now) }))

  return now !== undefined && 'isPassing' in now.answer
    ? now.answer
    : lasting(unknown(`${now?.request ?? certificate} of ${certificate} does not contain the CA`))
}

/**
 * The CA of an issued request (PEM), which issuers provide on a best-effort basis:
 * https://cert-manager.io/docs/reference/api-docs/. As in cert-manager itself (pkg/controller/certificates,
 * RequestMatchesSpec), a request counts only if this Certificate owns it and it names the same issuer.
 * Otherwise, any user who can create requests could have one signed by their own issuer.
 */
function casOfRequest(
  request: Readonly<Record<string, unknown>>,
  {
    certificate,
    name,
    revision
  }: { certificate: Readonly<Record<string, unknown>>; name: string; revision: number }
): string | undefined {
  const annotations = annotationsOf(request)
  const { ca } = recordOf(request['status'])
  const { uid } = recordOf(certificate['metadata'])
  const isOwned = listOf(recordOf(request['metadata'])['ownerReferences']).some(
    (owner) => recordOf(owner)['uid'] === uid
  )
  if (!isOwned || issuerOf(request) !== issuerOf(certificate)) return undefined
  if (
    !isConditionTrue(request, 'Ready') ||
    isConditionTrue(request, 'Denied') ||
    isConditionTrue(request, 'InvalidRequest')
  )
    return undefined
  if (annotations['cert-manager.io/certificate-name'] !== name) return undefined
  if (annotations['cert-manager.io/certificate-revision'] !== String(revision)) return undefined

  return typeof ca === 'string' && ca !== '' ? Buffer.from(ca, 'base64').toString() : undefined
}

/** The issuer that an object names, with the defaults of cert-manager's API. */
function issuerOf(object: Readonly<Record<string, unknown>>): string {
  const { name, kind = 'Issuer', group = 'cert-manager.io' } = recordOf(recordOf(object['spec'])['issuerRef'])

  return JSON.stringify([group, kind, name])
}

const isConditionTrue = (object: Readonly<Record<string, unknown>>, type: string): boolean =>
  listOf(recordOf(object['status'])['conditions'])
    .map(recordOf)
    .some((condition) => condition['type'] === type && condition['status'] === 'True')

async function readExisting(
  client: KubeClient,
  path: string,
  name: string,
  signal: AbortSignal
): Promise<{ readonly object: KubeObject } | InjectedCasFact> {
  const read = await readObject(client, path, { name, signal })
  if (read.state === 'known')
    return read.value === undefined ? lasting(unknown(`there is no ${name}`)) : { object: read.value }

  // Rate limiting and server errors are transient: RFC 9110, section 15.6, and RFC 6585, section 4.
  const status = read.response?.status
  return { fact: unknown(read.because), isPassing: status === undefined || status === 429 || status >= 500 }
}
