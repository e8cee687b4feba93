import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { checkObjects, type ObjectVerdict } from '../../src/index.js'
import { rules } from '../../src/rules/index.js'

// The table of docs/architecture.md. `facts` and `rules` may be imported for their types where the page says so.
const may: Readonly<Record<string, readonly string[]>> = {
  model: [],
  input: ['model'],
  'trust-policy': ['model'],
  facts: ['model', 'trust-policy'],
  rules: ['model', 'facts', 'trust-policy'],
  verdict: ['model', 'rules', 'facts'],
  output: ['model', 'verdict'],
  server: ['input', 'output', 'model'],
  'review.ts': ['facts', 'rules', 'verdict', 'model'],
  'evaluate-trust.ts': ['rules', 'verdict', 'trust-policy', 'model'],
  'index.ts': ['input', 'facts', 'rules', 'verdict', 'trust-policy', 'model', 'review.ts', 'evaluate-trust.ts']
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

t.test('data flows one way', async (t) => {
  for (const file of sources) {
    const layer = file.split('/')[0] ?? ''
    const allowed = may[layer]
    if (allowed === undefined) continue // cli.ts and commands may import everything
    const imports = [...readFileSync(`src/${file}`, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(
      ([, path = '']) => new URL(path, `file:///${file}`).pathname.slice(1).replace(/\.js$/, '.ts').split('/')[0] ?? ''
    )
    t.strictSame(
      imports.filter((imported) => imported !== layer && !allowed.includes(imported)),
      [],
      file
    )
  }
})

t.test('judging reads neither clock nor environment, and waits for nothing', async (t) => {
  for (const file of sources.filter((file) => /^(model|trust-policy|rules|verdict|output)\//.test(file))) {
    const text = readFileSync(`src/${file}`, 'utf8')
    t.notMatch(text, /Date\.now|new Date\(\)|process\.|\basync\b|\bawait\b|console\./, file)
  }
})

t.test('each rule has its file, its cases and its page', async (t) => {
  const headings = ['Why it matters', 'Denied', 'Accepted', 'How to fix', 'When it cannot tell', 'Turning it off']
  const files = readdirSync('src/rules')
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((id) => !['index', 'define-rule', 'trust-wording'].includes(id))
  t.strictSame(rules.map(({ id }) => id).sort(), files.sort())
  for (const { id, severity } of rules) {
    t.ok(existsSync(`test/rules/${id}.ts`), `${id} has cases`)
    const page = existsSync(`docs/rules/${id}.md`) ? readFileSync(`docs/rules/${id}.md`, 'utf8') : ''
    t.ok(page.startsWith(`# ${id}\n`), `${id} has a page`)
    const shown = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '')
    t.strictSame(
      shown,
      severity === 'error' ? headings : headings.map((heading) => (heading === 'Denied' ? 'Warned about' : heading)),
      `${id}: headings`
    )
    t.match(readFileSync('README.md', 'utf8'), `docs/rules/${id}.md`, `${id} is in the README`)
  }
})

/** The objects on a page, each judged with the trust policy that stands below it as the one of its role. */
async function verdictsOf(page: string): Promise<readonly ObjectVerdict[]> {
  const shown = [...page.matchAll(/^```yaml\n(apiVersion[^]*?)^```\n(?:\n```json\n([^]*?)^```)?/gm)]
  const verdicts = await Promise.all(
    shown.map(async ([, yaml = '', json]) => {
      const iam = JSON.parse(readFileSync('examples/iam.json', 'utf8')) as { roles: { trustPolicy: unknown }[] }
      if (json !== undefined) for (const role of iam.roles) role.trustPolicy = JSON.parse(json)
      return checkObjects([parse(yaml)], { iam })
    })
  )
  return verdicts.flat()
}

t.test('the objects on the pages do what the pages say', async (t) => {
  for (const { id, severity } of rules) {
    const [wrong, right] = await verdictsOf(readFileSync(`docs/rules/${id}.md`, 'utf8'))
    t.strictSame(right?.findings, [], `${id}: accepted`)
    t.strictSame(right?.unchecked, [], `${id}: accepted and checked`)
    if (id === 'role-annotation-removed') continue // needs an object before the update; its cases cover it
    if (severity === 'error') t.match(wrong, { allowed: false, findings: [{ rule: id }] }, `${id}: denied`)
    else t.match(wrong, { allowed: true, findings: [{ rule: id, severity }] }, `${id}: told`)
  }
})
