import t from 'tap'
import { parseManifest } from '../../src/input/manifests.js'

t.test('reads documents, lists and JSON with their lines', async (t) => {
  const text = [
    'apiVersion: v1',
    'kind: ServiceAccount',
    'metadata: { name: a }',
    '---',
    '# nothing',
    '---',
    'apiVersion: v1',
    'kind: List',
    'items:',
    '- kind: ServiceAccount',
    '  metadata:',
    '    annotations:',
    '      a.b/c: x',
    '- 7',
    ''
  ].join('\n')
  const { objects, unreadable } = parseManifest('f.yaml', text)
  t.strictSame(unreadable, [{ file: 'f.yaml', line: 14, message: 'expected a Kubernetes object, a map with apiVersion and kind' }])
  t.match(
    objects.map(({ lineOf, file, object }) => [file, lineOf([]), object['kind']]),
    [
      ['f.yaml', 1, 'ServiceAccount'],
      ['f.yaml', 10, 'ServiceAccount']
    ]
  )
  t.equal(objects[1]?.lineOf(['metadata', 'annotations', 'a.b/c']), 13)
  t.equal(objects[1]?.lineOf(['metadata', 'annotations', 'gone']), 12, 'a missing field is shown at what holds it')
  t.equal(parseManifest('f.json', '{"kind":"ServiceAccount"}').objects.length, 1)
  t.equal(parseManifest('empty', '').objects.length, 0)
})

t.test('reports what cannot be read, and reads the rest', async (t) => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefg'.split('').map(
      (k, i) =>
        `${k}: &${k} [${Array(9)
          .fill(`*${'abcdefg'[i] ?? ''}`)
          .join(',')}]`
    )
  ].join('\n')
  const table: readonly (readonly [string, RegExp, number])[] = [
    ['a: [', /./, 0],
    ['{{ if x }}\na: b\n{{ end }}', /./, 0],
    ['just text', /expected a Kubernetes object/, 0],
    ['- a', /expected a Kubernetes object/, 0],
    ['a: *nowhere', /nowhere/, 0],
    [bomb, /alias/, 0],
    ['a\u0000b', /NUL/, 0],
    [`a: ${'['.repeat(9000)}${']'.repeat(9000)}\n---\nkind: x`, /^it nests too deeply to be read$/, 1],
    ['kind: List\nitems: [null, 7, { kind: x }]', /expected a Kubernetes object/, 1],
    ['a: [\n---\nkind: x', /./, 1]
  ]
  for (const [text, message, objects] of table) {
    const manifest = parseManifest('f', text)
    t.match(manifest.unreadable[0], { file: 'f', line: Number, message }, JSON.stringify(text.slice(0, 20)))
    t.notMatch(manifest.unreadable[0]?.message, /\n/, 'one line')
    t.equal(manifest.objects.length, objects)
  }
})

t.test('reads what kubectl would send', async (t) => {
  const only = (text: string): unknown => parseManifest('f', text).objects[0]?.object
  t.match(only('apiVersion: v1\nkind: ServiceAccountList\nitems: [{ metadata: { name: a } }]'), {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'a' }
  })
  t.match(only('kind: ServiceAccountList\nitems: [{ kind: Pod }]'), { kind: 'Pod' }, 'what an item says of itself stays')
  t.match(only('a: !!binary cm9sZQ=='), { a: 'role' })
  t.match(only('a: !!timestamp 2026-11-24'), { a: '2026-11-24' })
  t.match(only('x: &x { b: 1 }\na: { <<: *x }'), { a: { b: 1 } })
})
