import { readFileSync } from 'node:fs'

/**
 * The pages of all rules, by ID. Only the bundled program, which is a single file, defines this constant (see
 * scripts/bundle.ts).
 */
declare const bundledRulePages: Readonly<Record<string, string>> | undefined

/** Reads the page of a rule, in Markdown. The package has the pages next to the compiled code. */
export const readRulePage = (rule: string): string =>
  (typeof bundledRulePages === 'undefined' ? undefined : bundledRulePages[rule]) ??
  readFileSync(new URL(`../../../docs/rules/${rule}.md`, import.meta.url), 'utf8')
