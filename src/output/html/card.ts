import { type Html, html } from '../../text/html.js'
import { chainHtml } from './chain.js'
import { nameOf, type PageCause, type PageObject, type PageRule } from './page.js'

/** How many entries of a list are visible at first, and how many are added at a time. */
export const firstEntries = 25

/** How many objects of a cause are visible before the reader asks for all. */
export const firstObjects = 10

/** A cause, and those of its objects that match the filters. */
export interface Shown {
  readonly cause: PageCause
  readonly objects: readonly PageObject[]
}

/**
 * A cause as a card. `restOf` renders the objects after the first ten, which are collapsed. With a script,
 * they are rendered only when the reader expands them.
 */
export function cardHtml(
  { cause, objects }: Shown,
  rule: PageRule | undefined,
  restOf: (objects: readonly PageObject[]) => Html
): Html {
  const { id, severity, message, fix, waived, chain, fields } = cause
  const rest = objects.slice(firstObjects)

  return html`<article
    class="card ${severity}"
    id="cause-${id}"
    aria-labelledby="title-${id}"
    data-cause="${id}"
  >
    <header>
      <p class="meta">
        <span class="badge ${waived === undefined ? severity : 'waived'}"
          >${waived === undefined ? severities[severity] : 'Waived'}</span
        >
        <a class="rule" href="${rule?.docs ?? '#'}" rel="noopener noreferrer">${cause.rule}</a>
        <a class="permalink" href="#cause=${id}" aria-label="Link to this cause: ${rule?.title ?? cause.rule}"
          >#</a
        >
        <span class="count">${countOf(objects.length, cause.objects)}</span>
      </p>
      <h3 id="title-${id}">${inlineCode(rule?.title ?? cause.rule)}</h3>
    </header>
    <p class="message">${quotedCode(message)}</p>
    ${fields === undefined ? undefined : html`<p class="at"><span class="label">At</span> <span class="field">${fields.join(', ')}</span></p>`}
    ${waived === undefined ? undefined : html`<p class="reason"><span class="label">Reason</span> ${waived}</p>`}
    ${chain === undefined ? undefined : chainHtml(chain, severity)}
    ${waived === undefined ? fixHtml(fix) : undefined}
    <div class="objects">
      <h4>${objects.length === 1 ? 'Affected object' : 'Affected objects'}</h4>
      <ul role="list">
        ${objects.slice(0, firstObjects).map(rowHtml)}
      </ul>
      ${
        rest.length === 0
          ? undefined
          : html`<details class="rest">
              <summary>Show ${numberOf(rest.length)} more</summary>
              ${restOf(rest)}
            </details>`
      }
    </div>
  </article>`
}

const severities = { error: 'Error', warning: 'Warning', info: 'Info' } as const

/** How many objects a card shows. The noun is their kind if all have the same kind. */
function countOf(shown: number, all: readonly PageObject[]): string {
  const kinds = new Set(all.map(({ kind }) => kind))
  const noun = kinds.size === 1 ? wordsOf([...kinds][0] ?? '') : 'object'

  return shown === all.length
    ? countedOf(shown, noun)
    : `${numberOf(shown)} of ${countedOf(all.length, noun)}`
}

/**
 * A kind in words: `ServiceAccount` becomes `service account`. A kind that is not in camel case stays as it
 * is.
 */
const wordsOf = (kind: string): string =>
  /^(?:[A-Z][a-z]+)+$/.test(kind) ? kind.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase() : kind

const fixHtml = (fix: string): Html =>
  html`<div class="fix">
    <span class="label">Fix</span>
    <p class="text" data-fix>${quotedCode(fix)}</p>
    <button type="button" class="copy" data-copy>Copy<span class="spoken"> this fix</span></button>
  </div>`

/** Rows for all of these objects. */
export const rowsHtml = (objects: readonly PageObject[]): Html =>
  html`<ul role="list">
    ${objects.map(rowHtml)}
  </ul>`

/** One object: what and where it is. What differs from the other objects of the same cause is collapsed. */
function rowHtml(object: PageObject): Html {
  const { kind, cluster, place, since, fields, message, fix } = object
  const name = nameOf(object)
  const title = html`<span class="kind">${kind}</span>
    ${name === '' ? undefined : html`<span class="name">${name}</span>`}`
  const places = [place, cluster, since === undefined ? undefined : `since ${since}`, fields?.join(', ')]
  const where = html`<p class="place">
    ${places.flatMap((text) => (text === undefined ? [] : [html`<span>${text}</span>`]))}
  </p>`
  if (message === undefined && fix === undefined)
    return html`<li>
      <p>${title}</p>
      ${where}
    </li> `

  return html`<li>
    <details class="own">
      <summary>${title}</summary>
      ${message === undefined ? undefined : html`<p>${quotedCode(message)}</p>`}
      ${fix === undefined ? undefined : fixHtml(fix)}
    </details>
    ${where}
  </li> `
}

/** Quoted values in a message as code, with their quotes, so that copied text is complete. */
function quotedCode(text: string): Html {
  const parts = text.split('"')
  if (parts.length % 2 === 0) return html`${text}`

  return html`${parts.map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>"${part}"</code>`))}`
}

/** A rule's summary, which marks code with backticks. */
const inlineCode = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))}`

const numbers = new Intl.NumberFormat('en-US')

/** A number for people: 12,345. */
export const numberOf = (count: number): string => numbers.format(count)

export const countedOf = (count: number, noun: string): string =>
  `${numberOf(count)} ${noun}${count === 1 ? '' : 's'}`
