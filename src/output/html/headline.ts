import type { Severity } from '../../model/finding.js'
import { type Html, html } from '../../text/html.js'
import type { Report } from '../report.js'
import { judgedText } from '../text.js'
import { countedOf, numberOf } from './card.js'
import type { Page, PageCause, PageObject } from './page.js'

/** The overall result of a report: a mark and one sentence. */
export interface Headline {
  readonly state: 'wrong' | 'warning' | 'ok' | 'unknown'
  readonly sentence: string
}

export const marks = {
  wrong: '✗',
  warning: '!',
  ok: '✓',
  unknown: '?'
} as const satisfies Record<Headline['state'], string>

/** What is broken; otherwise what needs attention; otherwise how much irsa-guard could check. */
export function headlineOf({ summary }: Report, page: Page): Headline {
  const errors = withSeverity(page, 'error')
  if (errors.length > 0)
    return {
      state: 'wrong',
      sentence: `${countedOf(errors.length, 'cause')} ${errors.length === 1 ? 'breaks' : 'break'} ${countedOf(objectsOf(errors), 'object')}`
    }
  const warnings = withSeverity(page, 'warning')
  if (warnings.length > 0)
    return {
      state: 'warning',
      sentence: `No errors; ${countedOf(warnings.length, 'warning')} on ${countedOf(objectsOf(warnings), 'object')}`
    }
  if (summary.judged === 0) return { state: 'unknown', sentence: 'No object was judged' }
  if (page.unchecked.length > 0)
    return { state: 'unknown', sentence: 'No errors found, but not everything was checked' }

  return { state: 'ok', sentence: 'No errors and no warnings' }
}

/** The counts below the headline. Counts of findings link to those findings. */
export function numbersHtml({ summary }: Report, page: Page): Html {
  const numbers = [
    ...(['error', 'warning', 'info'] as const).map((severity) => {
      const causes = withSeverity(page, severity)

      return {
        name: { error: 'Errors', warning: 'Warnings', info: 'Infos' }[severity],
        style: severity,
        count: causes.length,
        note:
          causes.length === 0
            ? 'none'
            : `${causes.length === 1 ? 'cause' : 'causes'}, ${countedOf(objectsOf(causes), 'object')}`,
        target: causes.length === 0 ? undefined : `#severity=${severity}`
      }
    }),
    {
      name: 'Not checked',
      style: 'unknown',
      count: page.unchecked.length,
      note: page.unchecked.length === 0 ? 'none' : page.unchecked.length === 1 ? 'reason' : 'reasons',
      target: page.unchecked.length === 0 ? undefined : '#not-checked'
    },
    {
      name: 'Waived',
      style: 'waived',
      count: summary.waived,
      note: summary.waived === 0 ? 'none' : summary.waived === 1 ? 'finding' : 'findings',
      target: summary.waived === 0 ? undefined : '#waived'
    }
  ]

  return html`<ul class="numbers" role="list">
    ${numbers.map(
      ({ name, style, count, note, target }) =>
        html`<li class="${count === 0 ? 'zero' : style}">
          ${
            target === undefined
              ? html`<div>${numberHtml(name, count, note)}</div>`
              : html`<a href="${target}">${numberHtml(name, count, note)}</a>`
          }
        </li> `
    )}
  </ul>`
}

const numberHtml = (name: string, count: number, note: string): Html =>
  html`<span class="name">${name}</span> <span class="number">${numberOf(count)}</span>
    <span class="note">${note}</span>`

/** How much was judged, so that a report about unrelated objects does not look like a good result. */
export const judgedHtml = ({ summary: { judged, objects } }: Report, { causes }: Page): Html => {
  const clusters = new Set(causes.flatMap(({ objects }) => objects.map(({ cluster }) => cluster ?? '')))
  const named = [...clusters].filter((cluster) => cluster !== '')

  return html`<p class="judged">
    ${judgedText(judged, objects)}${named.length === 0 ? '' : ` in ${named.length > 3 ? countedOf(named.length, 'cluster') : named.join(', ')}`}
  </p>`
}

const withSeverity = ({ causes }: Page, severity: Severity): readonly PageCause[] =>
  causes.filter((cause) => cause.severity === severity)

/** How many different objects these causes affect. */
const objectsOf = (causes: readonly PageCause[]): number =>
  new Set(causes.flatMap(({ objects }) => objects.map(identityOf))).size

/** Identifies an object on the page. Objects without a name are told apart by their file and line. */
export const identityOf = ({ cluster, kind, namespace, name, place }: PageObject): string =>
  JSON.stringify([cluster, kind, namespace, name, name === '' ? place : undefined])
