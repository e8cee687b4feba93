import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseAllDocuments } from 'yaml'

interface Rule {
  apiGroups?: string[]
  resources?: string[]
  nonResourceURLs?: string[]
  resourceNames?: string[]
  verbs: string[]
}

/** The parts of RBAC objects that are read here. */
interface Document {
  kind: string
  metadata: { name: string; namespace?: string }
  rules?: Rule[]
  roleRef?: { kind: string; name: string }
  subjects?: { kind: string; name: string; namespace: string }[]
}

const documents = readdirSync('manifests')
  .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  .flatMap((file) =>
    parseAllDocuments(readFileSync(`manifests/${file}`, 'utf8')).map(
      (document) => document.toJSON() as Document
    )
  )

/** Each rule of each role that is bound, as the first five cells of its line in the table. */
const granted = documents.flatMap(({ roleRef, subjects = [], metadata: { namespace } }) =>
  subjects.flatMap((subject) =>
    rulesOf(roleRef, namespace).map((rule) => cellsOf(subject.name, namespace ?? 'cluster', rule))
  )
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
  t.ok(granted.includes(ownList))
  for (const right of granted)
    if (right !== ownList)
      t.notMatch(right, /\*|\b(escalate|bind|impersonate|delete|deletecollection)\b/, right)
  t.strictSame(
    granted.filter(
      (right) => right.startsWith('irsa-guard-serve ') && /\b(create|update|patch|secrets)\b/.test(right)
    ),
    [],
    'serve writes nothing and reads no Secret'
  )
})

function rulesOf(roleRef: Document['roleRef'], namespace: string | undefined): Rule[] {
  const scope = roleRef?.kind === 'ClusterRole' ? undefined : namespace
  const role = documents.find(
    ({ kind, metadata }) =>
      kind === roleRef?.kind && metadata.name === roleRef.name && metadata.namespace === scope
  )
  return role?.rules ?? []
}

function cellsOf(
  who: string,
  where: string,
  { apiGroups = [], resources, nonResourceURLs = [], resourceNames, verbs }: Rule
): string {
  const group = apiGroups.length === 1 && apiGroups[0] !== '' ? `.${apiGroups.join('')}` : ''
  const what = resources?.map((resource) => `${resource}${group}`) ?? nonResourceURLs
  return [who, where, what.join(', '), resourceNames?.join(', ') ?? 'all', verbs.join(', ')].join(' | ')
}
