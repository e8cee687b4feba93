import { anyRun, parsePattern, type Pattern } from '../text/glob.js'
import type { RequestContext } from './context.js'

/** A condition value with its variables filled in, or the reason why they cannot be filled in. */
export type Expanded =
  | { readonly text: string }
  | { readonly pattern: Pattern }
  /** A variable has no value in this request, so the whole condition value matches nothing. */
  | { readonly missing: string }
  /** The value depends on the request. In `pattern`, each variable matches any string. */
  | { readonly dependsOn: readonly string[]; readonly pattern: Pattern }

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
const variable = /\$\{([^{}]*)\}/g

export const hasVariable = (value: string): boolean => value.includes('${')

/** Fills in the variables of a value whose `*` and `?` are literal. */
export function expandText(value: string, context: RequestContext): Expanded {
  const expanded = partsOf(value, context)
  if ('missing' in expanded) return expanded
  const { parts, dependsOn } = expanded
  if (dependsOn.length > 0)
    return { dependsOn, pattern: mergeLiterals(parts.map(({ text }) => text ?? anyRun)) }

  return { text: parts.map(({ text }) => text).join('') }
}

/**
 * Fills in the variables of a pattern. The value of a variable is literal; `*` and `?` outside variables are
 * wildcards.
 */
export function expand(value: string, context: RequestContext): Expanded {
  const expanded = partsOf(value, context)
  if ('missing' in expanded) return expanded
  const { parts, dependsOn } = expanded
  const pattern = mergeLiterals(
    parts.flatMap(({ text, filled }) =>
      text === undefined ? [anyRun] : filled ? [text] : parsePattern(text)
    )
  )

  return dependsOn.length > 0 ? { dependsOn, pattern } : { pattern }
}

interface Parts {
  /** `text` is undefined if the variable's value is not known in advance. */
  readonly parts: readonly { readonly text: string | undefined; readonly filled: boolean }[]
  readonly dependsOn: readonly string[]
}

function partsOf(value: string, context: RequestContext): Parts | { missing: string } {
  const parts: { text: string | undefined; filled: boolean }[] = []
  const dependsOn: string[] = []
  let end = 0
  for (const found of value.matchAll(variable)) {
    parts.push({ text: value.slice(end, found.index), filled: false })
    end = found.index + found[0].length
    const inside = found[1] ?? ''
    if (inside === '*' || inside === '?' || inside === '$') {
      parts.push({ text: inside, filled: true })
      continue
    }
    const comma = inside.indexOf(',')
    const name = (comma < 0 ? inside : inside.slice(0, comma)).trim()
    const fallback = comma < 0 ? undefined : /^'([^']*)'$/.exec(inside.slice(comma + 1).trim())?.[1]
    const state = context.stateOf(name.toLowerCase())
    if (state.is === 'known') parts.push({ text: state.value, filled: true })
    else if (state.is !== 'absent') {
      dependsOn.push(name)
      parts.push({ text: undefined, filled: true })
    } else if (fallback === undefined) return { missing: name }
    else parts.push({ text: fallback, filled: true })
  }
  parts.push({ text: value.slice(end), filled: false })

  return { parts, dependsOn }
}

function mergeLiterals(parts: Pattern): Pattern {
  const merged: Pattern[number][] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part
    else if (part !== last || typeof part === 'string' || part.description === '?') merged.push(part)
  }
  return merged
}
