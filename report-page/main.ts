// The script of the HTML report. npm run report-page puts it into src/output/html/assets.ts.
import { cardHtml, countedOf, firstObjects, numberOf, rowsHtml, type Shown } from '../src/output/html/card.js'
import type { Page, PageCause } from '../src/output/html/page.js'
import { uncheckedHtml } from '../src/output/html/unchecked.js'
import { html } from '../src/text/html.js'
import { copyOnClick } from './copy.ts'
import { allSeverities, type Filter, hashOf, matchesOf, noFilter, parseHash } from './filter.ts'
import { listNamed } from './list.ts'

// html.ts wrote this JSON from a Page.
const page = JSON.parse(document.getElementById('page')?.textContent ?? '') as Page

const shownOf = (causes: readonly PageCause[]): Shown[] =>
  causes.map((cause) => ({ cause, objects: cause.objects }))
const cardsOf = (shown: readonly Shown[]): string =>
  shown.map((one) => cardHtml(one, page.rules[one.cause.rule], () => html``).markup).join('')

const lists = {
  causes: listNamed('causes', shownOf(page.causes), cardsOf),
  waived: listNamed('waived', shownOf(page.waived), cardsOf)
}
const unchecked = listNamed(
  'not-checked',
  page.unchecked,
  (entries) => html`${entries.map(uncheckedHtml)}`.markup
)

/** What the cards show, by the ID of their cause. */
let shown = new Map<string, Shown>()
let filter: Filter = noFilter

function apply(next: Filter, isFirst = false): void {
  filter = next
  const causes = matchesOf(page.causes, page.rules, filter)
  const waived = matchesOf(page.waived, page.rules, filter)
  shown = new Map([...causes, ...waived].map((one) => [one.cause.id, one]))
  const isFiltered = hashOf(filter) !== ''
  if (!isFirst || isFiltered) {
    lists.causes?.show(causes)
    lists.waived?.show(waived)
  }
  const outcome = document.getElementById('outcome')
  if (outcome) outcome.textContent = outcomeOf(causes)
  form?.querySelector('button[type="reset"]')?.toggleAttribute('hidden', !isFiltered)
}

function outcomeOf(causes: readonly Shown[]): string {
  const all = page.causes.length

  return causes.length === all
    ? countedOf(all, 'cause')
    : `${numberOf(causes.length)} of ${countedOf(all, 'cause')}`
}

const form = document.querySelector<HTMLFormElement>('#filters')

/** Reads the form. A link to one cause ends when the reader filters. */
function filterOf(form: HTMLFormElement): Filter {
  const values = new FormData(form)
  const valueOf = (name: string): string => {
    const value = values.get(name)
    return typeof value === 'string' ? value : ''
  }

  return {
    text: valueOf('text'),
    severities: allSeverities.filter((severity) => values.getAll('severity').includes(severity)),
    rule: valueOf('rule'),
    namespace: valueOf('namespace'),
    cluster: valueOf('cluster'),
    cause: ''
  }
}

/** Shows a filter in the form. */
function fill(form: HTMLFormElement, filter: Filter): void {
  for (const element of form.elements) {
    if (
      element instanceof HTMLSelectElement ||
      (element instanceof HTMLInputElement && element.type === 'search')
    )
      element.value = filter[element.name as 'text' | 'rule' | 'namespace' | 'cluster'] // the names of the form
    else if (element instanceof HTMLInputElement) element.checked = filter.severities.includes(element.value)
  }
}

function remember(filter: Filter): void {
  const hash = hashOf(filter)
  // Not location.hash: each letter that the reader types would become an entry of the history.
  history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`)
}

let isPending = false

if (form) {
  form.hidden = false
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('input', () => {
    if (isPending) return
    isPending = true
    requestAnimationFrame(() => {
      isPending = false
      apply(filterOf(form))
      remember(filter)
    })
  })
  form.addEventListener('reset', (event) => {
    event.preventDefault() // the defaults of the form are those of a page that was filtered when it was saved
    fill(form, noFilter)
    apply(noFilter)
    remember(noFilter)
    form.querySelector<HTMLInputElement>('#text')?.focus()
  })
}

function applyHash(isFirst = false): void {
  const next = parseHash(location.hash)
  if (next === undefined) {
    document.querySelector(`${location.hash} > details`)?.setAttribute('open', '')
    if (isFirst) apply(noFilter, true)
    return
  }
  if (form) fill(form, next)
  apply(next, isFirst)
  if (!isFirst || hashOf(next) !== '') document.getElementById('causes')?.scrollIntoView()
}

addEventListener('hashchange', () => applyHash())
document.addEventListener('click', copyOnClick)

// A folded list of objects is rendered when it is unfolded. The event does not bubble.
document.addEventListener(
  'toggle',
  (event) => {
    const details = event.target
    if (!(details instanceof HTMLDetailsElement) || !details.matches('.rest') || !details.open) return
    renderRest(details)
  },
  { capture: true }
)

function renderRest(details: HTMLDetailsElement): void {
  if (details.querySelector('ul') !== null) return
  const card = details.closest<HTMLElement>('[data-cause]')
  const one = shown.get(card?.dataset['cause'] ?? '')
  if (one === undefined) return
  details.querySelector('noscript')?.remove()
  details.insertAdjacentHTML('beforeend', rowsHtml(one.objects.slice(firstObjects)).markup)
}

const maxPrinted = 500

// Paper cannot be unfolded.
addEventListener('beforeprint', () => {
  for (const list of [lists.causes, lists.waived, unchecked]) list?.showUpTo(maxPrinted)
  for (const details of document.querySelectorAll('details')) {
    details.open = true
    if (details.matches('.rest')) renderRest(details)
  }
})

applyHash(true)
document.documentElement.classList.add('script')
