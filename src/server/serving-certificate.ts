import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { GuardError } from '../model/guard-error.js'

/** A certificate chain with its key, as PEM. */
export interface ServingCertificate {
  readonly cert: string
  readonly key: string
  readonly expires: Date
}

/**
 * Reads a serving certificate. Throws ERR_SERVING_CERT with the name of the file if the file is missing or
 * not PEM, or if the key belongs to a different certificate.
 */
async function loadServingCertificate({
  certFile,
  keyFile
}: {
  certFile: string
  keyFile: string
}): Promise<ServingCertificate> {
  const [cert, key] = await Promise.all([loadPem(certFile), loadPem(keyFile)])
  const certificate = attempt(() => new X509Certificate(cert), `${certFile} contains no PEM certificate`)
  const privateKey = attempt(() => createPrivateKey(key), `${keyFile} contains no PEM private key`)
  if (!certificate.checkPrivateKey(privateKey))
    throw new GuardError('ERR_SERVING_CERT', `${keyFile} is not the private key for ${certFile}`)

  return { cert, key, expires: certificate.validToDate }
}

async function loadPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new GuardError(
      'ERR_SERVING_CERT',
      `${file} cannot be read; expected the serving certificate or its private key as PEM`,
      { cause }
    )
  }
}

function attempt<T>(read: () => T, message: string): T {
  try {
    return read()
  } catch (cause) {
    throw new GuardError('ERR_SERVING_CERT', message, { cause })
  }
}

/**
 * Reads the files every `interval` milliseconds and reports each new certificate. If a certificate cannot be
 * used (half written, not there yet), the error is reported to `onTrouble` once, and the last usable
 * certificate stays in use. The files are not watched, because the kubelet swaps symlinks.
 */
export function followServingCertificate(
  files: { certFile: string; keyFile: string },
  interval: number,
  onCertificate: (certificate: ServingCertificate) => void,
  onTrouble: (error: GuardError) => void
): { stop(): void } {
  let last = ''
  let lastTrouble = ''
  let stopped = false

  async function look(): Promise<void> {
    try {
      const certificate = await loadServingCertificate(files)
      const text = certificate.cert + certificate.key
      if (text !== last && !stopped) onCertificate(certificate)
      last = text
      lastTrouble = ''
    } catch (error) {
      if (!(error instanceof GuardError)) throw error
      if (error.message !== lastTrouble) onTrouble(error)
      lastTrouble = error.message
    }
  }

  void look()
  const timer = setInterval(() => void look(), interval)

  return {
    stop: () => {
      stopped = true
      clearInterval(timer)
    }
  }
}
