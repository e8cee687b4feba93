import axe from 'axe-core'
import type { Page } from 'playwright-core'
import t from 'tap'
import { account, accountIn, findingOf, judgedReport, largeReport } from '../support/report-objects.js'
import { startChromium } from './chromium.ts'
import { type Opened, openReport, rulesShown } from './report-page.ts'

const browser = await startChromium()
t.teardown(() => browser.close())

const role = 'arn:aws:iam::111122223333:role/cart'
const subject = (name: string) =>
  findingOf('trust-subject-mismatch', {
    cause: role,
    message: `role cart does not trust ${name}`,
    fix: `add "${name}" to that condition`
  })
/** Two causes with errors, one of them in 12 objects; a warning, an info, and a waived finding; two clusters. */
const sample = judgedReport(
  ...Array.from(
    { length: 12 },
    (_, index) =>
      [accountIn('prod-eu', `team-${index % 2}`, `cart-${index}`), subject(`cart-${index}`)] as const
  ),
  [
    accountIn('prod-us', 'shop', 'mail'),
    findingOf('role-missing', { message: 'role "mail" does not exist', fix: 'create role mail' })
  ],
  [accountIn('prod-us', 'shop', 'wide'), findingOf('trust-subject-too-broad')],
  [accountIn('prod-us', 'shop', 'long'), findingOf('trust-policy-near-limit')],
  [accountIn('prod-us', 'shop', 'old'), findingOf('role-missing', { waived: 'moves to another account' })]
)

t.test('filters by severity, rule, namespace, cluster and text', async (t) => {
  const { page, complaints, close } = await openReport(browser, sample)
  t.teardown(close)
  t.strictSame(await rulesShown(page), [
    'trust-subject-mismatch',
    'role-missing',
    'trust-subject-too-broad',
    'trust-policy-near-limit'
  ])
  await expectOutcome(page, '4 causes')

  await page.getByLabel('Errors').uncheck()
  await expectRules(page, ['trust-subject-too-broad', 'trust-policy-near-limit'])
  await page.getByLabel('Warnings').uncheck()
  await expectRules(page, ['trust-policy-near-limit'])
  await page.waitForURL(/#severity=info$/)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expectOutcome(page, '4 causes')
  t.notMatch(page.url(), '#')

  await page.getByLabel('Rule').selectOption('role-missing')
  await expectRules(page, ['role-missing'])
  t.equal(await page.locator('#waived summary').first().textContent(), '1 waived finding')
  await page.getByLabel('Rule').selectOption('')

  await page.getByLabel('Namespace', { exact: true }).selectOption('team-1')
  await expectRules(page, ['trust-subject-mismatch'])
  t.equal(await page.locator('.card .count').first().textContent(), '6 of 12 service accounts')
  t.equal(await page.locator('.card').first().locator('.objects li').count(), 6)
  await page.getByLabel('Namespace', { exact: true }).selectOption('')

  await page.getByLabel('Cluster').selectOption('prod-us')
  await expectRules(page, ['role-missing', 'trust-subject-too-broad', 'trust-policy-near-limit'])
  await page.getByLabel('Cluster').selectOption('')

  // Words can be in the cause and in the object, in any order.
  await page.getByLabel('Search').fill('CART-11 trusts')
  await expectRules(page, ['trust-subject-mismatch'])
  t.equal(await page.locator('.card .count').first().textContent(), '1 of 12 service accounts')
  await page.getByLabel('Search').fill('no such thing')
  await expectRules(page, [])
  t.equal(await page.locator('[data-list="causes"]').textContent(), 'Nothing matches these filters.')
  await expectOutcome(page, '0 of 4 causes')
  t.strictSame(complaints, [])
})

t.test('the address keeps the filter', async (t) => {
  const { page, url, complaints, close } = await openReport(browser, sample, {
    hash: '#text=mail&severity=error&namespace=shop'
  })
  t.teardown(close)
  await expectRules(page, ['role-missing'])
  t.equal(await page.getByLabel('Search').inputValue(), 'mail')
  t.equal(await page.getByLabel('Namespace', { exact: true }).inputValue(), 'shop')
  t.notOk(await page.getByLabel('Warnings').isChecked())

  await page.getByLabel('Search').fill('')
  await page.getByLabel('Rule').selectOption('role-missing')
  await page.waitForURL(/#rule=role-missing/)
  await page.reload()
  await expectRules(page, ['role-missing'])
  t.equal(await page.getByLabel('Search').inputValue(), '')
  t.equal(await page.getByLabel('Rule').inputValue(), 'role-missing')

  await page.goto(`${url}#`)
  await expectOutcome(page, '4 causes')
  await page.getByRole('link', { name: 'team-0' }).click()
  await expectRules(page, ['trust-subject-mismatch'])
  await page.getByRole('link', { name: /^Link to this cause/ }).click()
  await page.waitForURL(/#cause=\w{16}$/)
  await page.locator('.card').getByText('12 service accounts', { exact: true }).waitFor()
  await page.goBack()
  await page.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('#namespace')?.value === 'team-0'
  )
  t.strictSame(complaints, [])
})

t.test('copies a fix', async (t) => {
  const { page, complaints, close } = await openReport(browser, sample, {
    permissions: ['clipboard-read', 'clipboard-write']
  })
  t.teardown(close)
  const button = page
    .locator('.card', { hasText: 'role-missing' })
    .getByRole('button', { name: 'Copy this fix' })
  await button.click()
  await page.locator('#announcement', { hasText: 'Copied' }).waitFor({ state: 'attached' })
  t.equal(await page.evaluate(() => navigator.clipboard.readText()), 'create role mail')

  await page.getByText('cart-3').first().click() // unfolds the object with a fix of its own
  await page.locator('.own[open] [data-copy]').click()
  await page.locator('.own[open] [data-copy]', { hasText: 'Copied' }).waitFor()
  t.equal(await page.evaluate(() => navigator.clipboard.readText()), 'add "cart-3" to that condition')
  t.strictSame(complaints, [])
})

t.test('copies without the clipboard API, and else selects the fix', async (t) => {
  const { page, complaints, close } = await openReport(browser, sample, {
    prepare: (page) =>
      page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  })
  t.teardown(close)
  const card = page.locator('.card', { hasText: 'role-missing' })
  await card.locator('[data-copy]').click()
  await card.locator('[data-copy]', { hasText: 'Copied' }).waitFor()
  await page.getByLabel('Search').focus()
  await page.keyboard.press('ControlOrMeta+V')
  t.equal(await page.getByLabel('Search').inputValue(), 'create role mail')

  await page.evaluate(() => Object.defineProperty(document, 'execCommand', { value: () => false }))
  await card.locator('[data-copy]', { hasText: 'Copy this fix' }).click()
  await card.locator('[data-copy]', { hasText: 'Selected: press Ctrl+C' }).waitFor()
  t.equal(await page.evaluate(() => String(getSelection())), 'create role mail')
  t.strictSame(complaints, [])
})

t.test('can be used with the keyboard only', async (t) => {
  const { page, complaints, close } = await openReport(browser, sample, {
    permissions: ['clipboard-read', 'clipboard-write']
  })
  t.teardown(close)
  await page.keyboard.press('Tab')
  t.equal(await focusOf(page), 'Skip to the causes')
  t.ok(await page.locator('.skip').isVisible())
  await page.keyboard.press('Enter')
  await tabTo(page, 'trust-subject-mismatch')
  await page.keyboard.press('Shift+Tab')

  await page.getByLabel('Search').focus()
  await page.keyboard.type('mail')
  await expectRules(page, ['role-missing'])
  await tabTo(page, 'Clear filters')
  await page.keyboard.press('Enter')
  await expectOutcome(page, '4 causes')
  t.equal(await focusOf(page), 'Search', 'focus is not lost with the button')

  await tabTo(page, 'Errors')
  await page.keyboard.press('Space')
  await expectRules(page, ['trust-subject-too-broad', 'trust-policy-near-limit'])
  await page.keyboard.press('Space')
  await tabTo(page, 'Namespace')
  await page.keyboard.type('team-0')
  await expectRules(page, ['trust-subject-mismatch'])
  await page.keyboard.press('Home')
  await expectRules(page, [
    'trust-subject-mismatch',
    'role-missing',
    'trust-subject-too-broad',
    'trust-policy-near-limit'
  ])

  await tabTo(page, 'Copy this fix')
  await page.keyboard.press('Enter')
  await page.locator('[data-copy]', { hasText: 'Copied' }).waitFor()
  await tabTo(page, 'Show 2 more')
  t.equal(await page.locator('.rest li').count(), 0)
  await page.keyboard.press('Enter')
  await page.locator('.rest li').nth(1).waitFor()
  t.equal(await page.locator('.rest li').count(), 2)
  await tabTo(page, '1 waived finding')
  await page.keyboard.press('Enter')
  t.ok(await page.getByText('moves to another account').isVisible())
  t.strictSame(complaints, [])
})

t.test('shows where the focus is', async (t) => {
  const { page, close } = await openReport(browser, sample)
  t.teardown(close)
  const seen = new Set<string>()
  for (;;) {
    await page.keyboard.press('Tab')
    const { name, outline } = await page.evaluate(() => {
      const element = document.activeElement
      const style = element && getComputedStyle(element)
      return {
        name: element === document.body ? '' : (element?.outerHTML ?? ''),
        outline: style ? `${style.outlineStyle} ${style.outlineWidth}` : ''
      }
    })
    if (name === '' || seen.has(name)) break
    seen.add(name)
    t.equal(outline, 'solid 3px', name.slice(0, 80))
  }
  t.ok(seen.size > 30, `${seen.size} elements`)
})

for (const colorScheme of ['light', 'dark'] as const)
  t.test(`has no accessibility problem that axe finds, ${colorScheme}`, async (t) => {
    for (const width of [1200, 360]) {
      const opened = await openReport(browser, sample, { colorScheme, viewport: { width, height: 900 } })
      const { page, complaints, close } = opened
      t.strictSame(await violationsOf(opened), [], `${width} wide`)
      await unfoldAll(page)
      t.strictSame(await violationsOf(opened), [], `${width} wide, everything unfolded`)
      await page.getByLabel('Search').fill('no such thing')
      await expectRules(page, [])
      t.strictSame(await violationsOf(opened), [], `${width} wide, nothing found`)
      t.strictSame(complaints, [])
      await close()
    }
  })

const long = 'a-very-long-name-without-any-place-to-break-'.repeat(6)
const hostile = `"><img src=x onerror="window.pwned=1"></script><script>window.pwned=1</script>`
const hostileReport = judgedReport(
  ...Array.from({ length: 40 }, (_, index) => {
    const text = `${index} ${hostile} ${long}`
    return [
      account(text, {
        namespace: `${hostile}${index % 2}`,
        kind: text,
        cluster: `${hostile}${index % 3}`,
        file: text
      }),
      findingOf('role-missing', {
        message: text,
        fix: text,
        field: text,
        alsoAt: [text],
        ...(index % 4 === 0 && { waived: text })
      })
    ] as const
  })
)

t.test('names and messages that look like markup stay text', async (t) => {
  const { page, complaints, close } = await openReport(browser, hostileReport)
  t.teardown(close)
  await unfoldAll(page)
  t.match(await page.locator('.card .message').first().textContent(), hostile)

  await page.getByRole('button', { name: /^Show 5 more/ }).press('Enter')
  t.equal(await page.locator('[data-list="causes"] .card').count(), 30)
  await page.getByLabel('Namespace', { exact: true }).selectOption(`${hostile}1`)
  await page.getByLabel('Search').fill('<img src=x')
  await page.waitForURL(/text=/)
  t.match(await page.locator('.card .message').first().textContent(), hostile)
  await page.reload()
  t.equal(await page.getByLabel('Search').inputValue(), '<img src=x')
  await expectOutcome(page, '20 of 30 causes')
  t.equal(await page.locator('img').count(), 0)
  t.equal(await page.evaluate(() => 'pwned' in window), false)
  t.strictSame(complaints, [])
})

t.test('fits on a phone', async (t) => {
  for (const width of [320, 360])
    for (const [name, report] of Object.entries({ sample, hostileReport })) {
      const { page, close } = await openReport(browser, report, { viewport: { width, height: 640 } })
      await unfoldAll(page)
      t.equal(
        await page.evaluate(() => document.documentElement.scrollWidth),
        width,
        `${name}, ${width} wide`
      )
      await close()
    }
})

t.test('the page cannot use the network', async (t) => {
  const { page, close } = await openReport(browser, sample)
  t.teardown(close)
  const outcome = await page.evaluate(async () =>
    fetch('http://127.0.0.1:9/').then(
      () => 'answered',
      (error: unknown) => String(error)
    )
  )
  t.match(outcome, 'Failed to fetch')
  const directive = await page.evaluate(
    async () =>
      new Promise<string>((resolve) => {
        document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
        const image = document.createElement('img')
        image.src = 'http://127.0.0.1:9/a.png'
        document.body.append(image)
      })
  )
  t.equal(directive, 'img-src')
})

t.test('is complete without a script', async (t) => {
  const { page, complaints, close } = await openReport(browser, largeReport(120), {
    javaScriptEnabled: false
  })
  t.teardown(close)
  t.equal(
    await page.locator('main .card').count(),
    62,
    'one cause in each cluster, 59 others, and a waived one'
  )
  t.equal(await page.locator('.rest li').count(), 40)
  t.notOk(await page.locator('#filters').isVisible())
  t.notOk(await page.locator('[data-copy]').first().isVisible(), 'a button that could do nothing')
  await page.locator('.rest > summary').first().press('Enter')
  // Playwright finds no text inside a noscript element.
  const last = page.locator('.rest .name').filter({ hasText: 'team-18/app-118' })
  await last.scrollIntoViewIfNeeded()
  t.ok(await last.isVisible())
  t.strictSame(complaints, [])
})

t.test('prints what is folded', async (t) => {
  const { page, complaints, close } = await openReport(browser, largeReport(120))
  t.teardown(close)
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  t.equal(await page.locator('[data-list="causes"] .card').count(), 61)
  t.ok(await page.getByText('team-18/app-118').isVisible())
  t.ok(await page.getByText('moves to another account').first().isVisible())
  t.notOk(await page.locator('#filters').isVisible())
  t.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)')
  t.strictSame(complaints, [])
})

t.test('10,000 findings can be filtered and unfolded', async (t) => {
  const { page, complaints, close } = await openReport(browser, largeReport(10_000))
  t.teardown(close)
  t.equal(await page.locator('.card').count(), 35, '25 causes, and 10 waived ones')
  await expectOutcome(page, '4,992 causes')
  await page.getByRole('button', { name: 'Show 25 more of 4,967' }).press('Enter')
  t.equal(await page.locator('[data-list="causes"] .card').count(), 50)
  t.equal(
    await focusOf(page),
    await page.locator('[data-list="causes"] .card').nth(25).getAttribute('data-cause'),
    'the first new card has the focus'
  )

  await page.locator('.rest > summary').first().press('Enter')
  await page.locator('.rest li').nth(3_322).waitFor({ state: 'attached' }) // the toggle event comes later
  t.equal(await page.locator('.rest li').count(), 3_323)
  // Playwright takes seconds to find a label among 100,000 elements.
  await page.locator('#text').fill('app-9998')
  await expectRules(page, ['trust-subject-mismatch'])
  t.equal(await page.locator('.card .count').first().textContent(), '1 of 3,333 service accounts')
  await page.getByLabel('Search').fill('')
  await page.getByLabel('Namespace', { exact: true }).selectOption('team-99')
  await expectOutcome(page, '100 of 4,992 causes')
  t.strictSame(complaints, [])
})

t.test('nothing on the page moves, whether or not readers asked for less motion', async (t) => {
  const { page, close } = await openReport(browser, sample, { reducedMotion: 'no-preference' })
  t.teardown(close)
  t.strictSame(
    await page.evaluate(() =>
      [...document.querySelectorAll('*')].filter((element) => {
        const { scrollBehavior, transitionDuration, animationName } = getComputedStyle(element)
        return scrollBehavior !== 'auto' || transitionDuration !== '0s' || animationName !== 'none'
      })
    ),
    []
  )
})

/** Waits until the page shows cards of these rules and no others. */
async function expectRules(page: Page, wanted: readonly string[]): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('[data-list="causes"] .card .rule')]
        .map(({ textContent }) => textContent)
        .join() === wanted,
    wanted.join()
  )
}

/** Waits until the page says that this many causes match. */
const expectOutcome = async (page: Page, wanted: string): Promise<void> =>
  page
    .locator('#outcome')
    .filter({ hasText: new RegExp(`^${wanted}$`) })
    .waitFor()

/** What has the focus: its label or text, or the cause of a card. */
const focusOf = async (page: Page): Promise<string | undefined> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement
    if (element.dataset['cause'] !== undefined) return element.dataset['cause']
    const labels = 'labels' in element ? (element.labels as NodeListOf<HTMLLabelElement>) : undefined

    return (labels?.[0] ?? element).textContent.replaceAll(/\s+/g, ' ').trim()
  })

/** Presses Tab until the element with this label or text has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    if ((await focusOf(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${name}`)
}

/** Unfolds everything, as clicks on each summary would. */
const unfoldAll = async (page: Page): Promise<void> =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })

async function violationsOf({ page }: Opened): Promise<string[]> {
  await page.evaluate(axe.source)

  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    interface Violation {
      readonly id: string
      readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
    }

    return (await axe.run()).violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`
    )
  })
}
