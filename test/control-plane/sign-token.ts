import { createSign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { ControlPlane } from './start.ts'

/** Whose token it is, and for how many seconds from now the API server accepts it. */
export interface TokenOptions {
  namespace: string
  serviceAccount: string
  seconds: number
}

// The API server still accepts a token a minute after its `exp`: its JWT library allows clocks to differ by
// that much. https://pkg.go.dev/github.com/go-jose/go-jose/v4/jwt#pkg-constants (DefaultLeeway)
const leeway = 60

/**
 * Makes a service account's token that is accepted for a shorter time than TokenRequest grants (600 s at
 * least): one that the API server issued, with other times, signed again with its key. What was accepted is
 * remembered for ten more seconds by an API server that saw it.
 */
export async function signToken(
  controlPlane: ControlPlane,
  { namespace, serviceAccount, seconds }: TokenOptions
): Promise<string> {
  const issued = await controlPlane.kubectl(['create', 'token', serviceAccount, '-n', namespace])
  if (issued.code !== 0)
    throw new Error(`no token for ${namespace}/${serviceAccount}: ${issued.stderr.trim()}`)

  const [header = '', payload = ''] = issued.stdout.trim().split('.')
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now - 3600, nbf: now - 3600, exp: now + seconds - leeway }
  const text = `${header}.${Buffer.from(JSON.stringify({ ...Object(claims), ...times })).toString('base64url')}`
  const signature = createSign('RSA-SHA256')
    .update(text)
    .sign(await readFile(controlPlane.serviceAccountKeyFile))

  return `${text}.${signature.toString('base64url')}`
}
