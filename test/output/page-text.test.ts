import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { pageTextOf } from '../../src/output/page-text.js'
import { plainStyle } from '../../src/output/style.js'

const docs = 'https://docs.example/v1'
const page = `# a-rule

What is wrong with \`AWS_ROLE_ARN\`, in _one_ sentence
of two lines.

\`check\`: error · [Turning off this rule](../turning-off-rules.md)

## Why it matters

See [b-rule](b-rule.md) (https://aws.example/a_b). **Never** do \`_this_\`:

- one item
  of two lines
- another [item](../aws.md)

| Pod created by | Retry                |
| -------------- | -------------------- |
| Job            | after \`1 s\`, or later |

\`\`\`yaml
metadata:

  name: cart # \`not\` [markup](here)
  long: ${'x'.repeat(300)}
\`\`\`
`

t.test('prints a page without its markup', async (t) => {
  t.equal(
    pageTextOf(page, plainStyle, docs),
    `a-rule

  What is wrong with \`AWS_ROLE_ARN\`, in one sentence
  of two lines.

  \`check\`: error · Turning off this rule (https://docs.example/v1/turning-off-rules)

Why it matters

  See b-rule (https://aws.example/a_b). Never do \`_this_\`:

  - one item
    of two lines
  - another item (https://docs.example/v1/aws)

  - Job: after \`1 s\`, or later

      metadata:

        name: cart # \`not\` [markup](here)
        long: ${'x'.repeat(152)}… (308 characters)
`
  )
  t.match(pageTextOf(page, { ...plainStyle, verbosity: 'verbose' }, docs), `long: ${'x'.repeat(300)}\n`)
  t.match(pageTextOf(page, { ...plainStyle, color: true }, docs), '\u001b[1mWhy it matters\u001b[22m\n')
})

t.test('fits a terminal', async (t) => {
  const text = pageTextOf(page, { ...plainStyle, width: 43 }, docs)
  t.match(text, '  What is wrong with `AWS_ROLE_ARN`, in one\n  sentence of two lines.\n')
  t.match(text, '  - one item of two lines\n')
})

t.test('reads every construct that the pages of rules use', async (t) => {
  for (const file of readdirSync('docs/rules').filter((file) => file !== 'README.md')) {
    const markdown = readFileSync(`docs/rules/${file}`, 'utf8')
    const prose = markdown.replace(/^```[^]*?^```$/gm, '')
    t.notMatch(prose, /^(?:>|#{3,}|\d+\. |!\[|<| {2,}[-*] |\* |===|---)/m, `${file}: other blocks`)
    t.notMatch(prose.replace(/`[^`]*`/g, ''), /!\[|<[a-z/!]|~~|\\/, `${file}: other markup`)
    const text = pageTextOf(markdown, { ...plainStyle, verbosity: 'verbose' }, docs)
    const outsideOfCode = text
      .split('\n')
      .filter((line) => !line.startsWith('      '))
      .join('\n')
    t.notMatch(outsideOfCode, /\]\(|\*\*|^#|^\|/m, `${file}: left over`)
    t.equal(pageTextOf(markdown, { ...plainStyle, width: 10_000 }, docs).includes('\n\n\n'), false, file)
  }
})
