import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { checkObjects } from '../../src/index.js'
import { rules } from '../../src/rules/index.js'

// The table of docs/architecture.md. `facts` and `rules` may be imported for their types where the page says so.
const may: Readonly<Record<string, readonly string[]>> = {
  model: [],
  input: ['model'],
  x509: ['model'],
  facts: ['model', 'x509'],
  rules: ['model', 'facts', 'x509'],
  verdict: ['model', 'rules', 'facts'],
  output: ['model', 'verdict', 'x509'],
  server: ['input', 'output', 'model'],
  'review.ts': ['facts', 'rules', 'verdict', 'model'],
  'predict-tls.ts': ['rules', 'verdict', 'x509', 'model'],
  'index.ts': ['input', 'facts', 'rules', 'verdict', 'x509', 'model', 'review.ts', 'predict-tls.ts']
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
  for (const file of sources.filter((file) => /^(model|x509|rules|verdict|output)\//.test(file))) {
    const text = readFileSync(`src/${file}`, 'utf8')
    t.notMatch(text, /Date\.now|new Date\(\)|process\.|\basync\b|\bawait\b|console\./, file)
  }
})

t.test('each rule has its file, its cases and its page', async (t) => {
  const headings = ['Why it matters', 'Denied', 'Accepted', 'How to fix', 'When it cannot tell', 'Turning it off']
  const files = readdirSync('src/rules')
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((id) => id !== 'index' && id !== 'define-rule')
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

t.test('the objects on the pages do what the pages say', async (t) => {
  const iam: unknown = JSON.parse(readFileSync('examples/iam.json', 'utf8'))
  const clusterCa = readFileSync('examples/cluster-ca.pem', 'utf8')
  const at = new Date('2026-11-24T00:00:00Z')
  for (const { id, severity } of rules) {
    const blocks = [...readFileSync(`docs/rules/${id}.md`, 'utf8').matchAll(/^```yaml\n(apiVersion[^]*?)^```/gm)].map(
      ([, yaml]) => parse(yaml ?? '') as unknown
    )
    const [wrong, right] = await checkObjects(blocks, { iam, clusterCa, at })
    t.strictSame(right?.findings, [], `${id}: accepted`)
    if (id === 'role-annotation-removed') continue // needs an object before the update; its cases cover it
    t.match(wrong, { allowed: severity !== 'error', findings: [{ rule: id, severity }] }, `${id}: found`)
  }
})
