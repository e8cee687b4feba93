// Writes the table of rules into the README: npm run rule-table. A test compares the two.
import { readFileSync, writeFileSync } from 'node:fs'

/** A rule as the table shows it. */
export interface ListedRule {
  readonly id: string
  readonly severity: string
  readonly atAdmission?: string
  readonly on: readonly string[]
}

/**
 * The README with the table of these rules in its place; what a rule finds is the first sentence of its page.
 */
export function withRuleTable(readme: string, rules: readonly ListedRule[]): string {
  const rows = rules.map(({ id, severity, atAdmission, on }) => {
    const [, sentence = ''] = /^# .+\n\n([^]+?)\n\n/.exec(readFileSync(`docs/rules/${id}.md`, 'utf8')) ?? []
    const told = { never: '–', info: '–', warning: 'warns', error: 'denies' }[atAdmission ?? severity]
    const admission = told === 'denies' && on.includes('Pod') ? 'warns; denies where pods are enforced' : told

    return `| [${id}](docs/rules/${id}.md) | ${admission ?? ''} | ${severity} | ${sentence.replaceAll('\n', ' ')} |`
  })
  const table = ['| rule | admission | check | what it finds |', '| --- | --- | --- | --- |', ...rows].join(
    '\n'
  )

  return readme.replace(/<!-- rules -->[^]*<!-- \/rules -->/, `<!-- rules -->\n\n${table}\n\n<!-- /rules -->`)
}

if (import.meta.main) {
  const { rules } = (await import(new URL('../dist/rules/index.js', import.meta.url).href)) as {
    rules: readonly ListedRule[]
  }
  writeFileSync('README.md', withRuleTable(readFileSync('README.md', 'utf8'), rules))
}
