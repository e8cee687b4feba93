import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { filesOf } from '../../scripts/new-rule.ts'
import { errorTextsPage, formatted, rulesReadme, withHead } from '../../scripts/rule-pages.ts'
import { errorTexts } from '../../src/explain/error-texts.js'
import type { Finding } from '../../src/model/finding.js'
import { parseSubjects, type Stage } from '../../src/model/subject.js'
import { review } from '../../src/review.js'
import { ruleGroups, rules } from '../../src/rules/index.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { buildObjectSources } from '../../src/sources/objects/objects.js'

// The table of docs/architecture.md: each folder or file directly below src/, and what it may import.
const pure = ['text', 'model', 'identity-webhook', 'trust-policy', 'x509', 'ca-bundle']
const may: Readonly<Record<string, readonly string[] | 'everything'>> = {
  text: [],
  model: ['text'],
  'identity-webhook': ['model', 'text'],
  'trust-policy': ['model', 'text'],
  x509: [],
  'ca-bundle': ['x509', 'model', 'text'],
  kube: ['model', 'text'],
  input: ['model', 'text'],
  facts: pure,
  sources: ['facts', 'kube', ...pure],
  rules: ['facts', 'version.ts', ...pure],
  verdict: ['rules', 'facts', 'model', 'text'],
  migration: ['review-objects.ts', 'library', 'sources', 'facts', 'rules', 'verdict', ...pure],
  status: ['version.ts', ...pure],
  explain: ['model', 'text'],
  diagnosis: ['library', 'migration', 'facts', ...pure],
  output: [
    'rules',
    'verdict',
    'migration',
    'diagnosis',
    'status',
    'explain',
    'ca-bundle',
    'version.ts',
    'model',
    'text'
  ],
  'review.ts': ['facts', 'rules', 'verdict', 'identity-webhook', 'model'],
  'review-objects.ts': ['review.ts', 'sources', 'facts', 'model', 'text', 'version.ts'],
  library: ['review-objects.ts', 'sources', 'facts', 'rules', 'verdict', 'version.ts', ...pure],
  scan: ['review-objects.ts', 'output', 'sources', 'facts', 'kube', ...pure],
  process: ['sources', 'facts', 'kube', 'config.ts', 'identity-webhook', 'version.ts', 'model', 'text'],
  server: ['review.ts', 'process', 'sources', 'facts', 'kube', 'config.ts', 'input', 'output', ...pure],
  controller: [
    'review.ts',
    'scan',
    'rules',
    'output',
    'process',
    'sources',
    'facts',
    'kube',
    'config.ts',
    ...pure
  ],
  'config.ts': ['model', 'text', 'schemas'],
  'version.ts': [],
  commands: 'everything',
  'cli.ts': 'everything'
}

/**
 * The layers that a file imports, statically or not, and may not; all where its own layer is not in the
 * table.
 */
function forbiddenImports(file: string, text: string): string[] {
  const layerOf = (path: string): string => path.split('/')[0] ?? ''
  const allowed = may[layerOf(file)] ?? []
  const imported = [...text.matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g)].map(([, path = '']) =>
    layerOf(new URL(path, `file:///${file}`).pathname.slice(1).replace(/\.js$/, '.ts'))
  )
  if (!(layerOf(file) in may)) return [`${layerOf(file)} is not in the table`]

  return allowed === 'everything'
    ? imported.filter((layer) => layer === 'cli.ts')
    : imported.filter((layer) => layer !== layerOf(file) && !allowed.includes(layer))
}

const pageOf = (id: string): string => readFileSync(`docs/rules/${id}.md`, 'utf8')
const withPage = rules.filter(({ id }) => existsSync(`docs/rules/${id}.md`)) // one test tells of the others

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts')
)

t.test('data flows one way', async (t) => {
  for (const file of sources)
    t.strictSame(forbiddenImports(file, readFileSync(`src/${file}`, 'utf8')), [], file)
})

t.test('no file imports itself through others, not even for a type', async (t) => {
  const importsOf = (file: string): string[] =>
    [...readFileSync(`src/${file}`, 'utf8').matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*'(\.[^']+)'/g)].map(
      ([, path = '']) => new URL(path, `file:///${file}`).pathname.slice(1).replace(/\.js$/, '.ts')
    )
  const done = new Set<string>()
  const follow = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      t.fail([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    if (done.has(file) || !file.endsWith('.ts')) return
    for (const imported of importsOf(file)) follow(imported, [...path, file])
    done.add(file)
  }
  for (const file of sources) follow(file, [])
  t.equal(done.size, sources.length)
})

t.test('the table of layers knows every folder, and every form of import', async (t) => {
  t.strictSame(forbiddenImports('new-folder/a.ts', ''), ['new-folder is not in the table'])
  t.strictSame(forbiddenImports('metrics.ts', "import { a } from './model/a.js'"), [
    'metrics.ts is not in the table'
  ])
  t.strictSame(forbiddenImports('model/a.ts', "import type { A } from '../rules/a.js'"), ['rules'])
  t.strictSame(forbiddenImports('model/a.ts', "await import('../kube/a.js')"), ['kube'])
  t.strictSame(forbiddenImports('model/a.ts', "import '../server/a.js'"), ['server'])
  t.strictSame(forbiddenImports('commands/a.ts', "import { a } from '../cli.js'"), ['cli.ts'])
  t.strictSame(forbiddenImports('rules/a.ts', "import { a } from '../x509/a.js'"), [])
})

t.test('judging reads neither clock nor environment, and waits for nothing', async (t) => {
  for (const file of sources.filter(
    (file) =>
      /^(text|model|identity-webhook|trust-policy|x509|ca-bundle|rules|verdict|explain|status|output)\//.test(
        file
      ) && file !== 'output/html/assets.ts' // the text of a script for a browser
  )) {
    const text = readFileSync(`src/${file}`, 'utf8')
    t.notMatch(text, /Date\.now|new Date\(\)|process\.|\basync\b|\bawait\b|console\./, file)
  }
})

t.test('each rule has its file, its cases and its page', async (t) => {
  const headings = ['Why it matters', 'Fails', 'Passes', 'How to fix', 'Requirements and limits']
  const files = readdirSync('src/rules')
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((id) => !['index', 'define-rule', 'trust-wording', 'pod-identity-wording'].includes(id))
  const ids = rules.map(({ id }) => id).sort()
  t.strictSame(
    files.sort(),
    ids,
    'each file in src/rules is a rule that stands in index.ts; what rules share belongs into src/model or src/identity-webhook'
  )
  const named = (folder: string, extension: string): string[] =>
    readdirSync(folder).flatMap((file) =>
      file.endsWith(`.test${extension}`) || file === 'README.md' ? [] : file.slice(0, -extension.length)
    )
  t.strictSame(named('test/rules', '.ts'), ids, 'each rule has its cases in test/rules/<id>.ts')
  t.strictSame(
    named('docs/rules', '.md'),
    ids,
    'each rule has its page docs/rules/<id>.md; then npm run rule-pages'
  )
  for (const { id } of withPage) {
    const shown = [...pageOf(id).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '')
    t.strictSame(shown, headings, `${id}: headings of its page`)
  }
})

t.test('nothing of the template is left in a rule, its cases and its page', async (t) => {
  for (const { id } of withPage)
    for (const file of [`src/rules/${id}.ts`, `test/rules/${id}.ts`, `docs/rules/${id}.md`])
      t.notMatch(readFileSync(file, 'utf8'), /TODO/, file)
})

t.test('npm run new-rule puts a rule into each group', async (t) => {
  const index = readFileSync('src/rules/index.ts', 'utf8')
  for (const group of [
    'serviceAccountRules',
    'namespaceRules',
    'podRules',
    'iamRules',
    'trustRules',
    'bundleRules',
    'webhookRules'
  ]) {
    const files = filesOf('new-kind-of-fault', { group, severity: 'warning', index })
    t.strictSame(Object.keys(files), [
      'src/rules/new-kind-of-fault.ts',
      'test/rules/new-kind-of-fault.ts',
      'docs/rules/new-kind-of-fault.md',
      'src/rules/index.ts'
    ])
    const members = new RegExp(`const ${group} = \\[([^\\]]*)\\]`).exec(
      files['src/rules/index.ts'] ?? ''
    )?.[1]
    t.match(members, /,\n {2}newKindOfFault\n$/, group)
    t.match(files['src/rules/index.ts'], "import { newKindOfFault } from './new-kind-of-fault.js'")
  }
})

// These speak of what no file can show: the object before an update, that a live cluster has no such object, or
// when EKS changed an association.
const shownByCases: ReadonlySet<string> = new Set([
  'role-annotation-removed',
  'service-account-missing',
  'identity-webhook-missing',
  'identity-webhook-not-mutating',
  'identity-webhook-removed',
  'pod-identity-account-missing',
  'pod-identity-pod-outdated'
])

t.test('docs/reliability.md names tests that exist', async (t) => {
  const rows = readFileSync('docs/reliability.md', 'utf8').match(/^\| .*\|$/gm) ?? []
  const faults = rows.filter((row) => !/^\| (?:Fault|-+) /.test(row))
  t.ok(faults.length > 25)
  for (const row of faults) {
    const [, file = '', title = ''] =
      /\| \[[\w/-]+\]\(\.\.\/(test\/[\w/-]+\.test\.ts)\): "(.+)" *\|$/.exec(row) ?? []
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    t.ok(
      [`'${title}'`, `"${title}"`].some((quoted) => text.includes(quoted)),
      row.replace(/ +/g, ' ')
    )
  }
})

t.test('what the rules say of themselves is in the docs: npm run rule-pages', async (t) => {
  t.equal(readFileSync('docs/rules/README.md', 'utf8'), await formatted(rulesReadme(ruleGroups)))
  t.equal(readFileSync('docs/error-texts.md', 'utf8'), await formatted(errorTextsPage(errorTexts)))
  for (const rule of withPage) {
    const page = pageOf(rule.id)
    t.equal(page, await formatted(withHead(page, rule)), `${rule.id}: the head of its page`)
  }
})

t.test('the objects on the pages do what the pages say', async (t) => {
  const clusterCa = readFileSync('examples/cluster-ca.pem', 'utf8')
  for (const { id, severity, needs } of withPage) {
    const page = pageOf(id)
    const [, snapshot] = /^```json\n([^]*?IamSnapshot[^]*?)^```/m.exec(page) ?? []
    // A block holds an object, and before it what it is to be seen with. `yaml admitted`: as a cluster holds
    // it, after mutation. JSON right below it is IAM would reject the trust policy of the role that it names.
    const blocks = [
      ...page.matchAll(/^```yaml( admitted)?\n(apiVersion[^]*?)^```\n(?:\n```json\n([^]*?)^```)?/gm)
    ]
    const [wrong, right] = await Promise.all(
      blocks.map(async ([, admitted, yaml = '', trustPolicy]) => {
        const iam = JSON.parse(snapshot ?? readFileSync('examples/iam.json', 'utf8')) as {
          roles: { trustPolicy?: unknown }[]
        }
        // A page's own IamSnapshot leaves out the trust policy that is meant.
        if (trustPolicy !== undefined && trustPolicy !== snapshot)
          for (const role of iam.roles)
            if (snapshot === undefined || role.trustPolicy === undefined)
              role.trustPolicy = JSON.parse(trustPolicy)

        // Other pages leave the bundle out, which matters only to those who know the CA.
        const known = needs.includes('clusterCa') ? { clusterCa } : {}
        return judged(yaml, admitted === undefined ? 'source' : 'running', { iam, ...known })
      })
    )
    t.strictSame(
      right,
      [],
      `${id}: the second YAML block of its page makes all rules silent (IAM is ${snapshot === undefined ? 'examples/iam.json' : 'the IamSnapshot of the page'})`
    )
    if (shownByCases.has(id)) continue
    t.ok(
      wrong?.some((finding) => finding.rule === id && finding.severity === severity),
      `${id}: the first YAML block of its page makes it speak, as ${severity}`,
      { found: wrong?.map(({ rule, severity }) => `${rule}: ${severity}`) }
    )
  }
})

async function judged(
  yaml: string,
  stage: Stage,
  { iam, ...known }: { iam: unknown; clusterCa?: string }
): Promise<readonly Finding[]> {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as unknown)
  const subjects = objects.flatMap((object) => parseSubjects(object, { stage }))
  const together = buildObjectSources(subjects, objects)
  const snapshot = loadSnapshots([{ file: 'iam.json', content: iam }])
  const sources = {
    ...together,
    ...snapshot,
    associations: together.associationsWith(snapshot.clusterArn, snapshot.associations),
    ...known
  }
  const context = {
    sources,
    mode: 'enforce' as const,
    at: new Date('2026-11-24T00:00:00Z'),
    deadline: new AbortController()
  }

  return (await Promise.all(subjects.map(async (subject) => review(subject, context)))).flatMap(
    ({ findings }) => findings
  )
}
