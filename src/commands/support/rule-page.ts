import { readFileSync } from 'node:fs'

/** The pages of all rules, by ID. Only the bundle defines this (scripts/bundle.ts): it is a single file. */
declare const bundledRulePages: Readonly<Record<string, string>> | undefined

/** Reads the page of a rule, in Markdown. The package has the pages next to the compiled code. */
export const readRulePage = (rule: string): string =>
  (typeof bundledRulePages === 'undefined' ? undefined : bundledRulePages[rule]) ??
  readFileSync(new URL(`../../../docs/rules/${rule}.md`, import.meta.url), 'utf8')
