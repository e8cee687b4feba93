import { firstEntries, numberOf } from '../src/output/html/card.js'
import { html } from '../src/text/html.js'

/** A list that shows its entries some at a time. */
export interface List<T> {
  /** Replaces all entries. */
  show(entries: readonly T[]): void
  /** Shows at least this many entries, if there are as many. */
  showUpTo(count: number): void
}

/**
 * Controls the list with this name. The page already contains the first of `initial`, so these are not rendered
 * again. `markupOf` renders entries.
 */
export function listNamed<T>(
  name: string,
  initial: readonly T[],
  markupOf: (entries: readonly T[]) => string
): List<T> | undefined {
  const list = document.querySelector<HTMLElement>(`[data-list="${name}"]`)
  if (list === null) return undefined
  let all = initial
  let shown = Math.min(firstEntries, initial.length)

  const more = document.createElement('button')
  more.type = 'button'
  more.className = 'more'
  more.addEventListener('click', () => {
    const next = shown
    append(next + firstEntries)
    const first = list.children[next]
    if (first instanceof HTMLElement) {
      first.tabIndex = -1
      first.focus()
    }
  })
  list.after(more)
  updateButton()

  function append(count: number): void {
    const end = Math.min(count, all.length)
    if (end > shown) list?.insertAdjacentHTML('beforeend', markupOf(all.slice(shown, end)))
    shown = Math.max(shown, end)
    updateButton()
  }

  function updateButton(): void {
    const rest = all.length - shown
    more.hidden = rest <= 0
    more.textContent = `Show ${numberOf(Math.min(rest, firstEntries))} more of ${numberOf(rest)}`
  }

  return {
    show(entries) {
      all = entries
      shown = Math.min(firstEntries, all.length)
      list.innerHTML =
        all.length === 0
          ? html`<p class="empty">Nothing matches these filters.</p>`.markup
          : markupOf(all.slice(0, shown))
      updateButton()
    },
    showUpTo: append
  }
}
