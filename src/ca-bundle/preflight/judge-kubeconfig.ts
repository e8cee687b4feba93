import type { ClusterArn } from '../../model/cluster-arn.js'
import { escapeText } from '../../text/escape.js'
import { shellQuote } from '../../text/shell.js'
import { parseBundle } from '../../x509/bundle.js'
import type { Certificate } from '../../x509/certificate.js'
import { goMinorOf } from '../../x509/go-version.js'
import { bundleTextOf } from '../accepted-texts.js'
import { bestOrder, type Rotation } from '../rotation.js'
import { holdsCa } from '../same-ca.js'
import { listOfCas, missingFrom } from './missing-cas.js'
import type { JudgedRow, PreflightFix, PreflightRow } from './row.js'

/** An entry of `clusters` in a kubeconfig. */
export interface KubeconfigCluster {
  readonly file: string
  readonly name: string
  readonly server: string
  /**
   * The CAs (PEM) with which clients verify the server; undefined if the kubeconfig names none, so that they
   * use the root CAs of their system.
   */
  readonly cas: string | undefined
  /** Why the CAs could not be read. */
  readonly problem?: string | undefined
  /** Whether clients verify nothing. */
  readonly isUnverified: boolean
}

/** The cluster that kubeconfigs are compared with. */
export interface KubeconfigTarget {
  /** The URL of the API server. */
  readonly server: string
  /**
   * The EKS cluster, if it is known. `aws eks update-kubeconfig` names the cluster's entry after its ARN:
   * https://docs.aws.amazon.com/cli/latest/reference/eks/update-kubeconfig.html
   */
  readonly eks: ClusterArn | undefined
}

/** Judges an entry of a kubeconfig. Undefined if it is for another cluster. */
export function judgeKubeconfig(
  entry: KubeconfigCluster,
  rotation: Rotation,
  target: KubeconfigTarget
): JudgedRow | undefined {
  const { file, name, server, problem, isUnverified } = entry
  const certificates = parseBundle(Buffer.from(entry.cas ?? ''), goMinorOf(undefined)).certificates
  const held = rotation.trusted.filter((ca) => holdsCa(certificates, ca))
  if (held.length === 0 && originOf(server) !== originOf(target.server)) return undefined

  const judged = (
    of: Pick<PreflightRow, 'state' | 'message' | 'rollback'>,
    fix?: PreflightFix
  ): JudgedRow => ({
    row: { subject: 'kubeconfig', name: `${file}, cluster ${name}`, ...of },
    fix
  })
  if (isUnverified)
    return judged({
      state: 'ok',
      message: 'insecure-skip-tls-verify is set, so clients verify no certificate'
    })
  if (problem !== undefined) return judged({ state: 'unknown', message: problem })
  if (entry.cas === undefined)
    return judged({
      state: 'unknown',
      message: 'it names no CA, so clients trust the root CAs of their own system'
    })
  if (certificates.length === 0)
    return judged({ state: 'unknown', message: 'its CA file contains no certificate that can be read' })
  const contains = `it contains ${listOfCas(certificates)}`
  if (held.length === 0)
    return judged({ state: 'ok', message: `${contains}, the CA of a proxy in front of the API server` })

  const { now, next, afterRollback } = missingFrom(certificates, rotation)
  const missing = [...now, ...next]
  if (missing.length > 0)
    return judged(
      {
        state: 'lacks',
        message: `${contains} and lacks ${listOfCas(missing)}: clients reject the certificate of the API server ${now.length > 0 ? 'at present' : 'after the activation'}`
      },
      fixOf(entry, rotation, certificates, target)
    )

  return judged({
    state: 'ok',
    message: contains,
    ...(afterRollback.length > 0 && {
      rollback: `it lacks ${listOfCas(afterRollback)}: clients reject the certificate of the API server after a rollback`
    })
  })
}

const originOf = (server: string): string | undefined =>
  URL.canParse(server) ? new URL(server).origin : undefined

/** How to write the CAs into the kubeconfig. The entry's other CAs are kept. */
function fixOf(...question: Parameters<typeof commandOf>): PreflightFix {
  const command = commandOf(...question)
  const [{ file, name }] = question

  // Names in a kubeconfig can contain anything, and a terminal interprets control characters.
  return escapeText(command) === command
    ? { step: 'kubeconfigs', command }
    : {
        step: 'kubeconfigs',
        advice: `${file}, cluster ${name}: write the CAs into certificate-authority-data`
      }
}

function commandOf(
  { file, name }: KubeconfigCluster,
  rotation: Rotation,
  certificates: readonly Certificate[],
  { eks }: KubeconfigTarget
): string {
  const kubeconfig = `--kubeconfig ${shellQuote(file)}`
  const others = certificates.filter((certificate) => !holdsCa(rotation.trusted, certificate))
  if (eks?.text === name && others.length === 0)
    return `aws eks update-kubeconfig --region ${eks.region} --name ${shellQuote(eks.name)} ${kubeconfig}`
  const bundle = bundleTextOf([...bestOrder(rotation), ...others])

  return `printf %s ${bundle} | base64 --decode | kubectl config set-cluster ${shellQuote(name)} ${kubeconfig} --embed-certs --certificate-authority /dev/stdin`
}
