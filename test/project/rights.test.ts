import { readFileSync } from 'node:fs'
import t from 'tap'
import { grantedRights, manifestObjects } from '../support/rights.js'

const documents = manifestObjects()

/** Each right as the first five cells of its line in the table. */
const granted = grantedRights().map(({ who, where, what, names, verbs }) =>
  [who, where, what.join(', '), names?.join(', ') ?? 'all', verbs.join(', ')].join(' | ')
)

const documented = [...readFileSync('docs/rights.md', 'utf8').matchAll(/^\| (irsa-guard-.*) \|$/gm)].map(
  ([, line = '']) => line.split(' | ').map((cell) => cell.trim())
)

t.test('every right is explained, and nothing is explained that is no right', async (t) => {
  t.ok(granted.length > 10)
  t.strictSame(documented.map((cells) => cells.slice(0, 5).join(' | ')).sort(), granted.sort())
  for (const cells of documented) t.match(cells, { length: 6, 5: /^\S.{20,}\.$/ }, cells[2] ?? '')
})

t.test('every role is bound to a service account of ours, and the other way round', async (t) => {
  const named = (kind: RegExp): string[] =>
    documents
      .filter((document) => kind.test(document.kind))
      .map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`)
  t.strictSame(named(/^(Cluster)?Role$/).sort(), named(/^(Cluster)?RoleBinding$/).sort())
  const accounts = named(/^ServiceAccount$/)
  for (const { kind, name, namespace } of documents.flatMap(({ subjects = [] }) => subjects)) {
    t.ok(kind === 'ServiceAccount' && accounts.includes(`${namespace}/${name}`), name)
  }
})

t.test('no right is wider than it must be', async (t) => {
  const ownList =
    'irsa-guard-controller | cluster | webhooktrusts.irsa-guard.io | cluster | get, patch, delete' // one object, its own
  const ownReports = ['reports.openreports.io', 'policyreports.wgpolicyk8s.io'].map(
    (what) => `irsa-guard-controller | cluster | ${what} | irsa-guard | list, watch, update, delete`
  )
  const own = [ownList, ...ownReports]
  for (const right of own) t.ok(granted.includes(right), right)
  for (const right of granted)
    if (!own.includes(right))
      t.notMatch(right, /\*|\b(escalate|bind|impersonate|delete|deletecollection)\b/, right)
  t.strictSame(
    granted.filter(
      (right) => right.startsWith('irsa-guard-serve ') && /\b(create|update|patch|secrets)\b/.test(right)
    ),
    [],
    'serve writes nothing and reads no Secret'
  )
})
