import type { TrustPolicyDocument } from '../../facts/facts.js'
import { GuardError } from '../../model/guard-error.js'
import { quote } from '../../text/escape.js'
import { decodePolicy, parsePolicyJson } from '../../trust-policy/document.js'

/**
 * A trust policy as files and commands hold it: JSON, percent-encoded JSON as GetRole returns it, or one of
 * them as a JSON string. Throws ERR_INPUT that names where it is `from` and what was found instead, when it
 * is no JSON at all.
 */
export function policyIn(text: string, from: string): TrustPolicyDocument {
  const json = decodePolicy(text)
  const { parsed } = (json === undefined ? undefined : parsePolicyJson(json)) ?? {}
  if (json === undefined || parsed === undefined) {
    throw new GuardError(
      'ERR_INPUT',
      `${from} contains ${describeText(text)}; expected a trust policy: JSON, or percent-encoded JSON as IAM returns it`
    )
  }

  return typeof parsed === 'string' ? policyIn(parsed, from) : { document: json, encoding: 'json' }
}

function describeText(text: string): string {
  const start = text.trimStart()
  if (start === '') return 'nothing'
  if (/[\0-\x08\ufffd]/.test(start)) return 'binary data'
  if (start.startsWith('%')) return 'percent-encoded text that is not JSON'
  if (/^[{[]/.test(start)) return 'invalid or truncated JSON'
  if (/^(?:---|- |["']?[\w.-]+["']?:(?:\s|$))/.test(start)) return 'YAML'

  return `text that starts with ${quote(start.slice(0, 40))}`
}
