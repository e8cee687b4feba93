import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import type { AdmissionRequest } from '../input/admission-review.js'
import { GuardError } from '../model/guard-error.js'
import { parseSubject } from '../model/subject.js'
import { admissionResponseOf } from '../output/admission-response.js'
import { review } from '../review.js'
import { buildApp, type Judge } from '../server/app.js'
import type { Sources } from '../facts/gather.js'
import type { Mode } from '../verdict/decide.js'
import { readSources } from './facts-by-hand.js'

export interface ServeOptions {
  readonly iam: readonly string[]
  readonly issuer?: string
  readonly mode: Mode
  readonly tlsCert: string
  readonly tlsKey: string
  readonly port: number
  readonly deadline: number
}

/** Starts the admission server on facts given by hand; the returned app is listening. Throws ERR_SERVING_CERT. */
export async function serve(options: ServeOptions): Promise<FastifyInstance> {
  const sources = await readSources(options)
  const app = buildApp({
    judge: buildJudge(sources, options.mode),
    deadline: options.deadline,
    https: { cert: readPem(options.tlsCert), key: readPem(options.tlsKey) }
  })
  await app.listen({ port: options.port, host: '0.0.0.0' })

  return app
}

/** Judges admission requests: deletions and objects that no rule looks at always pass. */
export function buildJudge(sources: Sources, mode: Mode): Judge {
  return async (request: AdmissionRequest, signal) => {
    const judged = request.operation === 'CREATE' || request.operation === 'UPDATE'
    const subject = judged ? parseSubject(request.object, { stage: 'admitted', namespace: request.namespace, old: request.old }) : undefined
    if (subject === undefined) return { uid: request.uid, allowed: true }

    return admissionResponseOf(request.uid, subject, await review(subject, { sources, mode, at: new Date(), signal }), mode)
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new GuardError('ERR_SERVING_CERT', `${file} cannot be read; it must hold the serving certificate or its key, as PEM`, { cause })
  }
}
