// Writes the files of a new rule: npm run new-rule -- ID [--group podRules] [--severity error]
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

interface Group {
  /** The kinds that its rules judge. */
  readonly on: string
  /** An object of one of these kinds, for the page. */
  readonly object: string
}

const serviceAccount: Group = {
  on: "'ServiceAccount'",
  // examples/iam.json has this role, so no other rule reports anything
  object: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: cart
  namespace: shop
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/team/cart
`
}
const pod: Group = {
  on: "'Pod', 'Workload'",
  object:
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: cart\n  namespace: shop\nspec:\n  containers:\n    - name: app\n'
}
const configuration: Group = {
  on: "'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'",
  object:
    'apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata:\n  name: cart\nwebhooks: []\n'
}
const namespace: Group = {
  on: "'Namespace'",
  object: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n'
}
/** The groups of src/rules/index.ts. */
const groups: Readonly<Record<string, Group>> = {
  serviceAccountRules: serviceAccount,
  namespaceRules: namespace,
  podRules: pod,
  iamRules: serviceAccount,
  trustRules: serviceAccount,
  bundleRules: configuration,
  webhookRules: configuration
}

const usage = `usage: npm run new-rule -- ID [--group ${Object.keys(groups).join('|')}] [--severity error|warning|info]`

function fail(because: string): never {
  console.error(`new-rule: ${because}\n${usage}`)
  process.exit(2)
}

/** The files of a rule, by path; `index` is the text of src/rules/index.ts without the rule. */
export function filesOf(
  id: string,
  { group, severity, index }: { group: string; severity: string; index: string }
): Readonly<Record<string, string>> {
  const name = id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const { on, object } = groups[group] ?? fail(`there is no group ${group}`)
  const json = JSON.stringify(severity)
  const [, apiVersion = '', kind = ''] = /^apiVersion: (.+)\nkind: (.+)\n/.exec(object) ?? []
  const caseObject = (name: string): string =>
    `{ apiVersion: '${apiVersion}', kind: '${kind}', metadata: { name: '${name}', namespace: 'shop' } }`

  return {
    [`src/rules/${id}.ts`]: `import { defineRule } from './define-rule.js'

export const ${name} = defineRule({
  id: '${id}',
  summary: 'TODO: one sentence that states what is wrong.',
  severity: ${json.replaceAll('"', "'")},
  on: [${on}],
  needs: [], // the facts that the rule needs: see FactTypes in src/facts/facts.ts
  // The second argument has the facts: check({ name }, { identityWebhook }) with needs: ['identityWebhook'].
  check({ name }) {
    if (name !== 'TODO') return

    return {
      field: 'metadata.name',
      message: 'TODO: the object, the value, what was expected and what was found',
      fix: 'TODO: an instruction'
    }
  }
})
`,
    [`test/rules/${id}.ts`]: `import type { Case } from '../support/rule-case.js'

// Cases without a finding come first. test/support/ has objects to build them from.
export const cases: readonly Case[] = [
  { why: 'TODO: why it is correct', object: ${caseObject('cart')} },
  {
    why: 'TODO: the mistake',
    object: ${caseObject('TODO')},
    message: /^TODO$/
  }
]
`,
    [`docs/rules/${id}.md`]: `# ${id}

TODO: npm run rule-pages writes this head from the rule.

## Why it matters

TODO: what breaks, with the error message that AWS or Kubernetes shows.

## Fails

\`\`\`yaml
${object}\`\`\`

## Passes

\`\`\`yaml
${object}\`\`\`

## How to fix

TODO: commands.

## Requirements and limits

TODO: which facts it needs, and what happens without them.
`,
    'src/rules/index.ts': index
      .replace(/(?:^import .*\n)+/m, (imports) =>
        withImport(imports, `import { ${name} } from './${id}.js'\n`)
      )
      .replace(new RegExp(`(const ${group} = \\[[^\\]]*?)\\n?\\]`), `$1,\n  ${name}\n]`)
  }
}

/** Adds an import, and sorts all imports by path. */
function withImport(imports: string, added: string): string {
  const pathOf = (line: string): string => line.slice(line.indexOf(" from '"))

  return [...imports.split(/(?<=\n)/), added].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)).join('')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      group: { type: 'string', default: 'serviceAccountRules' },
      severity: { type: 'string', default: 'error' }
    },
    allowPositionals: true
  })
  const [id = ''] = positionals
  if (!/^[a-z]+(-[a-z]+)+$/.test(id)) fail(`"${id}" is not a rule ID; expected words such as role-missing`)
  if (!(values.group in groups)) fail(`there is no group "${values.group}"`)
  if (!['error', 'warning', 'info'].includes(values.severity)) fail(`"${values.severity}" is not a severity`)
  if (existsSync(`src/rules/${id}.ts`)) fail(`src/rules/${id}.ts already exists`)

  const index = readFileSync('src/rules/index.ts', 'utf8')
  const files = filesOf(id, { group: values.group, severity: values.severity, index })
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(file, text)
    console.log(`wrote ${file}`)
  }
  console.log(`Replace each TODO, run npm run format and npm run rule-pages, and see CONTRIBUTING.md.`)
}
