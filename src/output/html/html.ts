import { createHash } from 'node:crypto'
import type { Rule } from '../../rules/define-rule.js'
import { type Html, html, scriptJsonOf } from '../../text/html.js'
import type { Report } from '../report.js'
import { script, styles } from './assets.js'
import { cardHtml, countedOf, firstEntries, rowsHtml } from './card.js'
import { filtersHtml } from './filters.js'
import { headlineOf, judgedHtml, marks, numbersHtml } from './headline.js'
import { namespacesHtml } from './namespaces.js'
import type { Page, PageCause, PageObject } from './page.js'
import { pageOf } from './page-of.js'
import { uncheckedHtml } from './unchecked.js'

/**
 * A report as one HTML file that needs no network. Its script filters the causes; without a script, the page
 * shows all of them.
 */
export function htmlReportOf(report: Report, rules: readonly Rule[]): string {
  const page = pageOf(report, rules)
  const { state, sentence } = headlineOf(report, page)

  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="generator" content="irsa-guard ${report.tool.version}" />
        <title>${marks[state]} ${sentence} · irsa-guard</title>
        <link rel="icon" href="data:," />
        ${styleElement}
      </head>
      <body>
        <a class="skip" href="#causes">Skip to the causes</a>
        <header class="top ${state}">
          <p class="tool">irsa-guard report</p>
          <h1><span class="mark" aria-hidden="true">${marks[state]}</span> ${sentence}</h1>
          ${judgedHtml(report, page)} ${createdHtml(report)} ${numbersHtml(report, page)}
          ${namespacesHtml(page)}
        </header>
        <main>
          ${page.causes.length + page.waived.length === 0 ? undefined : filtersHtml(page)}
          ${sectionHtml('causes', 'Causes', page.causes, cardsOf(page), noCauses(report, page))}
          ${sectionHtml('not-checked', 'Not checked', page.unchecked, listOf, undefined)} ${waivedHtml(page)}
        </main>
        <p class="spoken" role="status" id="announcement"></p>
        <footer>
          <p>
            irsa-guard ${report.tool.version} ·
            <a href="${docsOf(rules)}" rel="noopener noreferrer">All rules</a>
          </p>
        </footer>
        ${dataElementOf(page)} ${scriptElement}
      </body>
    </html> `.markup
}

const createdHtml = ({ createdAt }: Report): Html | undefined =>
  createdAt === undefined
    ? undefined
    : html`<p class="created">
        Created <time datetime="${createdAt}">${createdAt.slice(0, 16).replace('T', ' ')} UTC</time>
      </p>`

// The Content Security Policy contains hashes of this exact content, so no white space may be added to it.
const styleElement: Html = { markup: `<style>${styles}</style>` }
const scriptElement: Html = { markup: `<script>${script}</script>` }

const dataElementOf = (page: Page): Html => ({
  markup: `<script type="application/json" id="page">${scriptJsonOf(page)}</script>`
})

/** Forbids all network access, and every script and style except the two in the page. */
const policy = [
  "default-src 'none'",
  `script-src '${hashOf(script)}'`,
  `style-src '${hashOf(styles)}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'"
].join('; ')

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** The page that lists all rules is in the same directory as the page of each rule. */
const docsOf = ([first]: readonly Rule[]): string => first?.docs.replace(/\/[^/]*$/, '') ?? '#'

/** Renders entries; `isLive`: a script may render the collapsed ones later. */
type EntriesOf<T> = (entries: readonly T[], isLive: boolean) => Html

/** A section with a list. A `noscript` element has the entries that the script adds later. */
function sectionHtml<T>(
  id: string,
  title: string,
  entries: readonly T[],
  entriesOf: EntriesOf<T>,
  ifEmpty: Html | undefined
): Html | undefined {
  if (entries.length === 0)
    return (
      ifEmpty &&
      html`<section id="${id}" tabindex="-1">
        <h2>${title}</h2>
        ${ifEmpty}
      </section>`
    )

  return html`<section id="${id}" tabindex="-1" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${entriesHtml(id, entries, entriesOf)}
  </section>`
}

function entriesHtml<T>(id: string, entries: readonly T[], entriesOf: EntriesOf<T>): Html {
  const rest = entries.slice(firstEntries)

  return html`<div class="list" data-list="${id}">${entriesOf(entries.slice(0, firstEntries), true)}</div>
    ${rest.length === 0 ? undefined : html`<noscript>${entriesOf(rest, false)}</noscript>`}`
}

const cardsOf =
  ({ rules }: Page): EntriesOf<PageCause> =>
  (causes, isLive) =>
    html`${causes.map((cause) =>
      cardHtml(
        { cause, objects: cause.objects },
        rules[cause.rule],
        isLive ? (rest: readonly PageObject[]) => html`<noscript>${rowsHtml(rest)}</noscript>` : rowsHtml
      )
    )}`

const listOf: EntriesOf<Page['unchecked'][number]> = (entries) => html`${entries.map(uncheckedHtml)}`

function waivedHtml(page: Page): Html | undefined {
  if (page.waived.length === 0) return undefined
  const findings = page.waived.reduce((sum, { objects }) => sum + objects.length, 0)

  return html`<section id="waived" tabindex="-1" aria-labelledby="waived-title">
    <h2 id="waived-title">Waived</h2>
    <details>
      <summary>${countedOf(findings, 'waived finding')}</summary>
      ${entriesHtml('waived', page.waived, cardsOf(page))}
    </details>
  </section>`
}

/** What a report without findings says. It does not call anything correct that was not checked. */
const noCauses = ({ summary }: Report, { unchecked }: Page): Html =>
  html`<p class="empty">
    ${
      summary.judged === 0
        ? 'irsa-guard found no object that it judges.'
        : unchecked.length > 0
          ? 'irsa-guard found nothing wrong in what it could check.'
          : 'irsa-guard found nothing wrong.'
    }
  </p>`
