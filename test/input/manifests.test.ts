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
  t.strictSame(unreadable, [
    { file: 'f.yaml', line: 14, message: 'expected a Kubernetes object with apiVersion and kind' }
  ])
  t.match(
    objects.map(({ lineOf, file, object }) => [file, lineOf([]), object['kind']]),
    [
      ['f.yaml', 1, 'ServiceAccount'],
      ['f.yaml', 10, 'ServiceAccount']
    ]
  )
  t.equal(objects[1]?.lineOf(['metadata', 'annotations', 'a.b/c']), 13)
  t.equal(
    objects[1]?.lineOf(['metadata', 'annotations', 'gone']),
    12,
    'a missing field is shown at what holds it'
  )
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
    [bomb, /aliases expand to too much data/, 0],
    ['a\u0000b', /NUL/, 0],
    [`a: ${'['.repeat(9000)}${']'.repeat(9000)}\n---\nkind: x`, /^it is nested too deeply$/, 1],
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
  t.match(
    only('kind: ServiceAccountList\nitems: [{ kind: Pod }]'),
    { kind: 'Pod' },
    'what an item says of itself stays'
  )
  t.match(only('a: !!binary cm9sZQ=='), { a: 'role' })
  t.match(only('a: !!timestamp 2026-11-24'), { a: '2026-11-24' })
  t.match(only('x: &x { b: 1 }\na: { <<: *x }'), { a: { b: 1 } })
})

t.test('takes as many aliases as kubectl does', async (t) => {
  const uses = Array.from({ length: 5000 }, (_, index) => `k${index}: *one`).join('\n')
  const { objects, unreadable } = parseManifest(
    'f',
    `kind: ConfigMap\none: &one x\nmap: &map { a: 1 }\ncopy: [*map, *map]\n${uses}`
  )
  t.strictSame(unreadable, [])
  t.match(objects[0]?.object, { k4999: 'x', copy: [{ a: 1 }, { a: 1 }] })

  const start = performance.now()
  const many = parseManifest('f', `one: &one x\nlist: [${Array(100_000).fill('*one').join(',')}]`).objects[0]
    ?.object
  t.strictSame(new Set(many?.['list'] as string[]), new Set(['x'])) // a list in the text above
  t.ok(performance.now() - start < 15_000, 'looking through all anchors for each alias would take minutes')
  t.match(
    parseManifest('f', 'a: &a 1\nb: *a\nc: &a 2\nd: *a').objects[0]?.object,
    { b: 1, d: 2 },
    'the last anchor of that name'
  )
  t.match(parseManifest('f', 'a: { <<: &x { b: &y 1 }, c: *y }\nd: *x\ne: &n\nf: *n').objects[0]?.object, {
    a: { b: 1, c: 1 },
    d: { b: 1 },
    f: null
  })
  t.match(
    parseManifest('f', 'a: &a\n  b: *a').unreadable,
    [{ message: 'it is nested too deeply' }],
    'one that holds itself'
  )

  const large = Array.from({ length: 1000 }, (_, index) => index).join(',')
  const repeated = (times: number): string => `a: &a [${large}]\nb: [${Array(times).fill('*a').join(',')}]`
  t.equal(parseManifest('f', repeated(398)).objects.length, 1, '400,000 values')
  t.equal(parseManifest('f', repeated(500)).unreadable.length, 1, 'more, nearly all of them repeated')
  const written = `c: [${'1,'.repeat(500_000)}]`
  t.equal(parseManifest('f', `${written}\n${repeated(500)}`).objects.length, 1, 'half of them repeated')
})

t.test('reads JSON documents one after the other, with their lines', async (t) => {
  const compact = ['a', 'b', 'c'].map((name) =>
    JSON.stringify({ kind: 'ServiceAccount', metadata: { name } })
  )
  const pretty = compact.map((text) => JSON.stringify(JSON.parse(text), null, 2))
  const table: readonly (readonly [string, string, readonly number[]])[] = [
    ['a line each, as of jq -c', compact.join('\n'), [1, 2, 3]],
    ['nothing between', compact.join(''), [1, 1, 1]],
    ['pretty-printed', pretty.join('\n'), [1, 7, 13]],
    ['line ends of Windows', `${pretty.join('\r\n')}\r\n`, [1, 7, 13]],
    ['with separators', `---\n${compact.join('\n---\n---\n')}\n---`, [2, 5, 8]],
    ['YAML behind', `${compact[0]}\n---\n  kind: x\n  metadata: {}\n---\n${compact[1]}\n`, [1, 3, 6]],
    ['a comment behind', `${compact[0]}\n# end\n`, [1]],
    ['colons, braces and quotes in texts', '{"kind":"a:{[","b":"\\"}]:\\\\"}\n{"kind":"b"}', [1, 2]],
    ['a key that YAML would merge', '{"kind":"a","<<":{"kind":"b"}}', [1]]
  ]
  for (const [title, text, lines] of table) {
    const { objects, unreadable } = parseManifest('f', text)
    t.strictSame([objects.map(({ lineOf }) => lineOf([])), unreadable], [lines, []], title)
  }
  t.equal(parseManifest('f', '{"kind":"a","<<":{"kind":"b"}}').objects[0]?.object['kind'], 'a')

  const cut = parseManifest('f', `${pretty[0]}\n${pretty[1]?.slice(0, -4)}`)
  t.equal(cut.objects.length, 1, 'what stands before the broken one is read')
  t.match(cut.unreadable, [{ line: 11, message: /and end with a }$/ }])
  t.match(parseManifest('f', '{"a": 1}\n{"kind": "b').unreadable, [{ line: 2 }], 'a text without its end')
  t.match(parseManifest('f', `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`).objects.length, 1, 'deep')
})

t.test('finds the lines of JSON as of YAML', async (t) => {
  const account = (name: string): object => ({
    kind: 'ServiceAccount',
    metadata: {
      name,
      annotations: { 'a.b/c': 'x', 'quo"te': true },
      list: [1, { deep: 'y' }, 'z'],
      empty: {}
    }
  })
  const items = Array.from({ length: 300 }, (_, index) => account(`a${index}`))
  const text = JSON.stringify(
    { kind: 'List', items: [...items, { kind: 'List', items: [account('inner')] }] },
    null,
    2
  )
  const paths = [
    [],
    ['metadata'],
    ['metadata', 'name'],
    ['metadata', 'annotations', 'a.b/c'],
    ['metadata', 'annotations', 'quo"te'],
    ['metadata', 'annotations', 'gone'],
    ['metadata', 'list', '1', 'deep'],
    ['metadata', 'list', '2'],
    ['metadata', 'list', '7'],
    ['metadata', 'name', 'no map'],
    ['metadata', 'empty', 'gone']
  ]
  const json = parseManifest('f', text).objects
  const yaml = parseManifest('f', `# not JSON any more\n${text}`).objects
  t.equal(json.length, 301)
  for (const [index, { object, lineOf }] of json.entries()) {
    t.strictSame(object, yaml[index]?.object)
    t.strictSame(
      paths.map((path) => lineOf(path) + 1),
      paths.map((path) => yaml[index]?.lineOf(path)),
      `object ${index}`
    )
  }
})

t.test('says in words what is wrong', async (t) => {
  const rendered = '; render it first: helm template … | irsa-guard check -'
  const helm = (shown: string): string =>
    `this looks like an unrendered Helm template ("${shown}")${rendered}`
  const table: readonly (readonly [string, number, string])[] = [
    ['a: 1\nb: 2\na: 3', 3, 'duplicate key "a"; remove one'],
    ['{\n"a": 1,\n"a": 2}', 3, 'duplicate key "a"; remove one'],
    ['{{- if .Values.create }}\nkind: ServiceAccount\n{{- end }}', 1, helm('{{- if .Values.create }}')],
    ['kind: ServiceAccount\nmetadata:\n  name: {{ .Values.name }}', 3, helm('{{ .Values.name }}')],
    ['metadata:\n  name: {{ .Values.name }}-sa', 2, helm('{{ .Values.name }}')],
    [
      'metadata:\n  labels:\n    {{- toYaml .Values.labels }}\n    a: b',
      3,
      helm('{{- toYaml .Values.labels }}')
    ],
    ['{{/*\nwords\n*/}}\nkind: x', 4, helm('{{/*')],
    [
      'a: "{{ x }}"\nb: [\n\n\nc: d',
      5,
      'Flow sequence in block collection must be sufficiently indented and end with a ]'
    ],
    [
      'kind: List\nitems: nothing',
      2,
      'items of this "List" is "nothing"; expected a list of Kubernetes objects'
    ],
    [
      '{"kind": "List",\n"items": {}}',
      2,
      'items of this "List" is an object; expected a list of Kubernetes objects'
    ],
    ['kind: PodList\nitems: 7', 2, 'items of this "PodList" is 7; expected a list of Kubernetes objects']
  ]
  for (const [text, line, message] of table)
    t.strictSame(parseManifest('f', text), { objects: [], unreadable: [{ file: 'f', line, message }] })

  const argo = parseManifest(
    'f',
    'kind: WorkflowTemplate\nscript: |\n  echo {{ inputs.parameters.x }}\nname: "{{ x }}"'
  )
  t.strictSame([argo.objects.length, argo.unreadable], [1, []], 'what others than Helm put into braces stays')
  t.equal(parseManifest('f', 'kind: List\nitems: null').unreadable.length, 0, 'the list of an empty Go slice')
})

t.test('functions of a CloudFormation template are not taken for values', async (t) => {
  const template =
    'Resources:\n  A: &a\n    Name: !Ref Cluster\n    Arn: !GetAtt\n      - Role\n      - Arn\n    Other: &b !Sub x\n  B: *b\n'
  const [found] = parseManifest('f', template).objects
  const functions = { Name: { Ref: null }, Arn: { 'Fn::GetAtt': null }, Other: { 'Fn::Sub': null } }
  t.strictSame(found?.object, { Resources: { A: functions, B: { 'Fn::Sub': null } } })
  t.equal(found?.lineOf(['Resources', 'A', 'Arn']), 4)
  t.match(
    parseManifest('f', `kind: x\n${template}`).objects,
    [{ object: { Resources: { A: { Name: 'Cluster' } } } }],
    'kubectl ignores such tags'
  )
})
