import t from 'tap'
import { codeSpan, markdownOf } from '../../src/output/markdown.js'
import { parseMarkdown } from '../support/parse-markdown.js'
import { contextOf, findingOf, objectOf, reportOfVerdicts, sampleReport } from '../support/sample-report.js'

t.test('answers first, then the causes, then the details', async (t) => {
  t.equal(
    markdownOf(sampleReport, contextOf({ complaints: ['there is no file a.yaml'] })),
    `## irsa-guard: 2 errors (1 cause), 1 warning, 1 info, 1 waived

3 of 4 objects judged.

Could not be read:

- \`there is no file a.yaml\`

|   | Cause | Affects | Fix |
| --- | --- | --- | --- |
| error | \`role team/cart does not exist\`<br>[role-missing](https://irsa-guard.io/v0.1.0/rules/role-missing) | \`ServiceAccount shop/cart\` in \`deploy/shop.yaml:15\` and 1 more | \`create the role\` |
| warning | \`the role trusts every service account of the cluster\`<br>[trust-subject-too-broad](https://irsa-guard.io/v0.1.0/rules/trust-subject-too-broad) | \`ServiceAccount shop/cart\` in \`deploy/shop.yaml:15\` | \`create the role\` |
| waived | \`role team/cart does not exist\`<br>[role-annotation-misspelt](https://irsa-guard.io/v0.1.0/rules/role-annotation-misspelt) | \`ServiceAccount shop/mail\` in \`deploy/shop.yaml:28\` | waived: \`moves in May\` |
| info | \`no pod is mutated\`<br>[mutation-skipped](https://irsa-guard.io/v0.1.0/rules/mutation-skipped) | \`Deployment pay/api\` in \`prod-eu\` | \`create the role\` |

<details>
<summary>5 findings</summary>

- error [role-missing](https://irsa-guard.io/v0.1.0/rules/role-missing) \`ServiceAccount shop/cart\` in \`deploy/shop.yaml:15\`: \`role team/cart does not exist\` at \`metadata.annotations["eks.amazonaws.com/role-arn"]\`
- error [role-missing](https://irsa-guard.io/v0.1.0/rules/role-missing) \`ServiceAccount shop/mail\` in \`deploy/shop.yaml:27\`: \`role team/cart does not exist\` at \`metadata.annotations["eks.amazonaws.com/role-arn"]\`
- warning [trust-subject-too-broad](https://irsa-guard.io/v0.1.0/rules/trust-subject-too-broad) \`ServiceAccount shop/cart\` in \`deploy/shop.yaml:15\`: \`the role trusts every service account of the cluster\` at \`metadata.annotations["eks.amazonaws.com/role-arn"]\`, \`metadata.annotations["a"]\`
- waived [role-annotation-misspelt](https://irsa-guard.io/v0.1.0/rules/role-annotation-misspelt) \`ServiceAccount shop/mail\` in \`deploy/shop.yaml:28\`: \`role team/cart does not exist\` at \`metadata.annotations["eks.amazonaws.com/role-arn"]\`
- info [mutation-skipped](https://irsa-guard.io/v0.1.0/rules/mutation-skipped) \`Deployment pay/api\` in \`prod-eu\`: \`no pod is mutated\` at \`metadata.annotations["eks.amazonaws.com/role-arn"]\`

</details>

<details>
<summary>Not checked</summary>

- oidc-provider-missing for 1 object: \`no IAM facts were given\` (\`pass --iam FILE or --aws\`)
- all rules for 1 object: \`no rule reads this place\`

</details>

`
  )
  t.equal(
    markdownOf(reportOfVerdicts(), contextOf()),
    '## irsa-guard: no findings\n\nirsa-guard does not judge objects of this kind.\n\n'
  )
})

t.test('fits into a comment, and says what it leaves out', async (t) => {
  const text = markdownOf(
    reportOfVerdicts(
      ...Array.from({ length: 2000 }, (_, index) => ({
        object: objectOf(`a${index}`, { line: index + 1 }),
        findings: [findingOf('role-missing', { message: 'x'.repeat(5000) })],
        unchecked: []
      }))
    ),
    contextOf()
  )
  t.ok(text.length < 65_536)
  const rows = (await parseMarkdown(text)).filter(({ type }) => type === 'tableRow').length - 1
  t.ok(rows > 10)
  t.match(text, `\n\n${2000 - rows} more: see the other formats.\n`)
  t.match(text, '\n\n2000 more: see the other formats.\n', 'no finding fits after the table')
})

t.test('shows every text as it is', async (t) => {
  for (const text of ['a', '`', '``a`', 'a`', ' a ', '<b>', '[a](b)', '@a', '\\', '*a*', '&amp;', '  a b'])
    t.match(await parseMarkdown(`x ${codeSpan(text)} x`), [
      { type: 'root' },
      { type: 'paragraph' },
      { type: 'text', value: 'x ' },
      { type: 'inlineCode', value: text },
      { type: 'text', value: ' x' }
    ])
  t.equal(codeSpan('  '), '(empty)')
  t.equal(codeSpan('a\nb'), '`a\\nb`')
})
