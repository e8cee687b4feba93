import { type Html, html } from '../../text/html.js'
import { countedOf, numberOf } from './card.js'
import type { PageUnchecked } from './page.js'

/** What was not checked for one reason, and how to get it checked. */
export function uncheckedHtml({ because, rules, count, objects, hint }: PageUnchecked): Html {
  const others = count - objects.length

  return html`<div class="unchecked">
    <p class="message">${because}</p>
    ${hint === undefined ? undefined : html`<p class="hint"><span class="label">To check it</span> ${hint}</p>`}
    <details>
      <summary>
        ${rules.includes('*') ? 'all rules' : countedOf(rules.length, 'rule')} for
        ${countedOf(count, 'object')}
      </summary>
      ${rules.includes('*') ? undefined : html`<p>${rules.join(', ')}</p>`}
      <p>${objects.join(', ')}${others > 0 ? ` and ${numberOf(others)} more` : ''}</p>
    </details>
  </div> `
}
