import { readFile } from 'node:fs/promises'
import type { Sources } from '../facts/gather.js'
import { loadSnapshots } from '../facts/snapshot.js'
import { GuardError } from '../model/guard-error.js'

/** Facts that the user gives instead of a cloud or a cluster: a flag wins over the file. Throws ERR_INPUT, ERR_IAM_SNAPSHOT. */
export async function readSources({ iam, issuer }: { iam: readonly string[]; issuer?: string | undefined }): Promise<Sources> {
  if (issuer !== undefined && !/^https:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(issuer)) {
    throw new GuardError(
      'ERR_USAGE',
      `--issuer is ${JSON.stringify(issuer)}; expected a URL such as https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE`
    )
  }
  if (iam.length === 0) return { issuer }

  const documents = await Promise.all(iam.map(async (file) => ({ file, content: parseJson(file, await readText(file)) })))
  const issuers = new Set(
    documents.flatMap(({ content }) => (isObject(content) && typeof content['issuer'] === 'string' ? [content['issuer']] : []))
  )
  if (issuers.size > 1 && issuer === undefined) {
    throw new GuardError(
      'ERR_USAGE',
      `the IAM files name ${issuers.size} issuers: ${[...issuers].join(', ')}; say with --issuer which one is meant`
    )
  }
  const snapshot = loadSnapshots(documents)

  return { roles: snapshot.roles, trustingRoles: snapshot.trustingRoles, issuer: issuer ?? snapshot.issuer }
}

/** Reads a text file. Throws ERR_INPUT that names it. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new GuardError('ERR_INPUT', `${file} cannot be read (${code})`, { cause })
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new GuardError('ERR_IAM_SNAPSHOT', `${file} is not JSON`, { cause })
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
