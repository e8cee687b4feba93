/** Copies a fix when its button is pressed, and says so on the button. */
export function copyOnClick(event: Event): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null
  const source = button?.parentElement?.querySelector<HTMLElement>('[data-fix]')
  if (!button || !source) return

  void copy(source).then((isCopied) => {
    const label = button.innerHTML
    if (button.dataset['copy'] === 'done') return
    button.dataset['copy'] = 'done'
    button.textContent = isCopied ? 'Copied' : 'Selected: press Ctrl+C'
    announce(button.textContent)
    setTimeout(() => {
      button.innerHTML = label
      button.dataset['copy'] = ''
    }, 2_000)
  })
}

/**
 * Copies the text of an element. A page that was not loaded securely has no clipboard, and a reader can forbid
 * its use: then the old command copies the selection; and if that fails, too, the text stays selected.
 */
async function copy(source: HTMLElement): Promise<boolean> {
  // The types say that a page always has a clipboard.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard !== undefined) {
    try {
      await clipboard.writeText(source.textContent)
      return true
    } catch {
      // The reader or the browser forbids it: select the text instead.
    }
  }
  const selection = getSelection()
  selection?.selectAllChildren(source)
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else copies without a clipboard
  const isCopied = document.execCommand('copy')
  if (isCopied) selection?.removeAllRanges()

  return isCopied
}

/** Says something to readers who use a screen reader. */
function announce(text: string): void {
  const place = document.getElementById('announcement')
  if (place) place.textContent = text
}
