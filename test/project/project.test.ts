import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { buildObjectSources } from '../../src/facts/objects.js'
import { loadSnapshots } from '../../src/facts/snapshot.js'
import type { Finding } from '../../src/model/finding.js'
import { parseSubject, type Stage } from '../../src/model/subject.js'
import { review } from '../../src/review.js'
import { rules } from '../../src/rules/index.js'

// The table of docs/architecture.md. `facts` and `rules` may be imported for their types where the page says so.
const may: Readonly<Record<string, readonly string[]>> = {
  model: [],
  input: ['model'],
  x509: ['model'],
  facts: ['model', 'x509'],
  rules: ['model', 'facts', 'x509'],
  verdict: ['model', 'rules', 'facts'],
  output: ['model', 'verdict'],
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
    const wrong = severity === 'error' ? 'Denied' : 'Warned about'
    t.strictSame(
      shown,
      headings.map((heading) => (heading === 'Denied' ? wrong : heading)),
      `${id}: headings`
    )
    t.match(readFileSync('README.md', 'utf8'), `docs/rules/${id}.md`, `${id} is in the README`)
  }
})

// These speak of what no file can show: the object before an update, or that a live cluster has no such object.
const shownByCases: ReadonlySet<string> = new Set(['role-annotation-removed', 'service-account-missing'])

t.test('the objects on the pages do what the pages say', async (t) => {
  const clusterCa = readFileSync('examples/cluster-ca.pem', 'utf8')
  for (const { id, severity } of rules) {
    const page = readFileSync(`docs/rules/${id}.md`, 'utf8')
    const [, iam = readFileSync('examples/iam.json', 'utf8')] = /^```json\n([^]*?)^```/m.exec(page) ?? []
    // A block holds an object, and before it what it is to be seen with. `yaml admitted`: as a cluster holds it, after mutation.
    const [wrong, right] = await Promise.all(
      [...page.matchAll(/^```yaml( admitted)?\n(apiVersion[^]*?)^```/gm)].map(async ([, admitted, yaml = '']) =>
        judged(yaml, admitted === undefined ? 'source' : 'running', JSON.parse(iam), clusterCa)
      )
    )
    t.strictSame(right, [], `${id}: accepted`)
    if (shownByCases.has(id)) continue
    t.ok(
      wrong?.some((finding) => finding.rule === id && finding.severity === severity),
      `${id}: ${severity}`
    )
  }
})

async function judged(yaml: string, stage: Stage, iam: unknown, clusterCa: string): Promise<readonly Finding[]> {
  const subjects = parseAllDocuments(yaml).flatMap((document) => parseSubject(document.toJS(), { stage }) ?? [])
  const sources = { ...buildObjectSources(subjects), ...loadSnapshots([{ file: 'iam.json', content: iam }]), clusterCa }
  const context = { sources, mode: 'enforce' as const, at: new Date('2026-11-24T00:00:00Z'), signal: new AbortController().signal }

  return (await Promise.all(subjects.map((subject) => review(subject, context)))).flatMap(({ findings }) => findings)
}
