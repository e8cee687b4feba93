/** Markup: everything in it that came from a value was escaped. */
export interface Html {
  readonly markup: string
}

type Value = Html | readonly Html[] | string | number | undefined

/**
 * Markup from a template. Strings and numbers are escaped, so they are safe in text and in quoted attributes.
 * Markup and lists of markup are inserted unchanged, and `undefined` is left out. The indentation of the
 * template is dropped.
 */
export function html(template: TemplateStringsArray, ...values: readonly Value[]): Html {
  const markup = partsOf(template).map((part, index) => `${part}${markupOf(values[index])}`)

  return { markup: markup.join('') }
}

/** The parts of each template, without the indentation that would make up a third of a page. */
const known = new WeakMap<TemplateStringsArray, readonly string[]>()

function partsOf(template: TemplateStringsArray): readonly string[] {
  const parts = known.get(template) ?? template.map((part) => part.replaceAll(/\n +/g, '\n'))
  known.set(template, parts)

  return parts
}

function markupOf(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))

  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } as const

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character as keyof typeof entities]) // nothing else matches

/** JSON that is safe inside a `script` element: it contains neither an end tag nor the start of a comment. */
export const scriptJsonOf = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')
