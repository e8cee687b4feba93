import { type Html, html } from '../../text/html.js'
import { countedOf } from './card.js'
import { identityOf } from './headline.js'
import type { Page } from './page.js'

interface Namespace {
  readonly name: string
  readonly errors: number
  readonly warnings: number
}

const maxNamespaces = 5

/** The namespaces with the most affected objects, as bars; nothing if there are fewer than two. */
export function namespacesHtml(page: Page): Html | undefined {
  const namespaces = worstFirst(page)
  if (namespaces.length < 2) return undefined
  const most = Math.max(...namespaces.map(({ errors, warnings }) => errors + warnings))
  const others = namespaces.length - maxNamespaces

  return html`<section class="where" aria-labelledby="where">
    <h2 id="where">Worst namespaces</h2>
    <ul role="list">
      ${namespaces.slice(0, maxNamespaces).map(
        ({ name, errors, warnings }) =>
          html`<li>
            <a href="#namespace=${encodeURIComponent(name)}">${name}</a>
            ${barHtml((errors / most) * 100, (warnings / most) * 100)}
            <span class="amount"
              >${[errors > 0 ? countedOf(errors, 'error') : '', warnings > 0 ? countedOf(warnings, 'warning') : ''].filter(Boolean).join(', ')}</span
            >
          </li> `
      )}
    </ul>
    ${others > 0 ? html`<p class="muted">and ${countedOf(others, 'other namespace')}</p>` : undefined}
  </section>`
}

const barHtml = (errors: number, warnings: number): Html =>
  html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="error" width="${errors.toFixed(1)}" height="8" />
    <rect class="warning" x="${errors.toFixed(1)}" width="${warnings.toFixed(1)}" height="8" />
  </svg>`

function worstFirst({ causes }: Page): Namespace[] {
  const found = new Map<string, { errors: Set<string>; warnings: Set<string> }>()
  for (const { severity, objects } of causes) {
    if (severity === 'info') continue
    for (const object of objects) {
      if (object.namespace === undefined) continue
      const namespace = found.get(object.namespace) ?? { errors: new Set(), warnings: new Set() }
      found.set(object.namespace, namespace)
      namespace[severity === 'error' ? 'errors' : 'warnings'].add(identityOf(object))
    }
  }

  return [...found]
    .map(([name, { errors, warnings }]) => ({ name, errors: errors.size, warnings: warnings.size }))
    .sort((one, other) => other.errors - one.errors || other.warnings - one.warnings)
}
