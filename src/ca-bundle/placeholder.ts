import { enclosedIn } from '../text/escape.js'

/** A placeholder in a bundle, and how to replace it. */
export interface Placeholder {
  readonly text: string
  readonly fix: string
}

const manually = 'replace it with the base64-encoded PEM certificate of the CA'

const enclosed = [
  {
    open: '{{',
    close: '}}',
    fix: 'render the template before you apply the manifest, for example with helm template'
  },
  {
    open: '${',
    close: '}',
    fix: 'replace the variable before you apply the manifest, for example with envsubst'
  },
  {
    open: '$(',
    close: ')',
    fix: 'replace it with the output of the command or the value of the variable; kubectl does not expand it'
  }
] as const

// Placeholders as used in manifests of injectors, charts and tutorials, such as CA_BUNDLE_PLACEHOLDER,
// __CA_BUNDLE__, REPLACE_ME and <base64-encoded CA>.
const maxWord = 200
const isVariable = /^\$\w+$/
const isBracketed = /^<[^<>]+>$/
const isWord = /^[\w@%[\]. -]+$/
const names = /ca[_. -]?(?:bundle|cert|pem|data)|placeholder|replace|change[_. -]?me|todo|your[_. -]/i

/**
 * Finds the placeholder that a script or a template engine should have replaced in a `caBundle` without a
 * certificate. Never throws; runs in linear time.
 */
export function placeholderIn(text: string): Placeholder | undefined {
  for (const { open, close, fix } of enclosed) {
    const found = enclosedIn(text, open, close)
    if (found !== undefined) return { text: found, fix }
  }
  if (text.length > maxWord) return undefined

  const word = text.trim()
  if (isVariable.test(word)) return { text: word, fix: enclosed[1].fix }

  return isBracketed.test(word) || (isWord.test(word) && names.test(word))
    ? { text: word, fix: manually }
    : undefined
}
