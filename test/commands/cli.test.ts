import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { text as readStream } from 'node:stream/consumers'
import t from 'tap'
import { issueCa } from '../../src/controller/certificates/issue-certificate.js'
import { runCli as run } from '../support/run-cli.js'

t.test('wrong usage exits with 2 and names what was expected', async (t) => {
  const table: readonly (readonly [string[], RegExp])[] = [
    [['check'], /missing required argument 'files'/],
    [
      ['check', '-', '--output', 'xml'],
      /^irsa-guard: --output is "xml"; expected text, json, sarif, junit, github, markdown, html, each with =FILE to write a file; did you mean html\?\n$/
    ],
    [['check', '-', '-o', 'jsn'], /; did you mean json\?\n$/],
    [
      ['check', '-', '-o', 'json='],
      /^irsa-guard: --output is "json="; expected the name of a file after =\n$/
    ],
    [['check', '-', '-o', '=x'], /^irsa-guard: --output is "=x"; expected text, json/],
    [
      ['check', '-', '-o', 'json', '-o', 'text'],
      /^irsa-guard: --output text is the second format for stdout; write one of them to a file: --output text=FILE\n$/
    ],
    [
      ['check', '-', '-o', 'json=a', '-o', 'text=a'],
      /^irsa-guard: two formats are written to "a"; write each to its own file\n$/
    ],
    [['check', '-', '-q', '-v'], /option '-v, --verbose' cannot be used with option '-q, --quiet'/],
    [['check', '-', '--color', 'red'], /Allowed choices are auto, always, never/],
    [['check', '-', '--iam', 'gone.json'], /^irsa-guard: there is no file gone.json\n$/],
    [['check', '-', '--iam', 'README.md'], /^irsa-guard: README.md is not JSON in UTF-8: .+\n$/],
    [['check', '-', '--iam', 'package.json'], /package.json: expected an object with apiVersion/],
    [
      ['check', '-', '--iam', 'examples/iam.json', '--aws'],
      /option '--aws' cannot be used with option '--iam <file>'/
    ],
    [['check', '-', '--issuer', 'oidc.example'], /--issuer is "oidc.example"; expected a URL/],
    [
      ['serve'],
      /^irsa-guard: tls.certFile is "\/etc\/irsa-guard\/tls\/tls.crt", but there is no directory \/etc\/irsa-guard\/tls\n$/
    ],
    [['serve', '--config', 'gone.yaml'], /^irsa-guard: there is no file gone.yaml\n$/],
    [['serve', '--config', 'tsconfig.build.json'], /^irsa-guard: tsconfig.build.json: extends: unknown key/],
    [['controller'], /^irsa-guard: no cluster found: there is no --kubeconfig, /],
    [['trust'], /^irsa-guard: no service account given; expected NAMESPACE\/NAME\n$/],
    [['trust', 'a/b', '--service-account', 'a/b'], /both "a\/b" and --service-account are given/],
    [['trust', 'A'], /^irsa-guard: the argument is "A"; expected a service account name/],
    [
      ['trust', '--service-account', 'a'],
      /^irsa-guard: the namespace of the service account is not given; pass -n NAMESPACE, or NAMESPACE\/NAME\n$/
    ],
    [['trust', '--service-account', 'a', '--fix'], /^irsa-guard: the namespace .* pass -n NAMESPACE/],
    [
      ['trust', '--service-account', 'a/b', '-n', 'c'],
      /^irsa-guard: --namespace is "c", but --service-account names the namespace "a"; pass only one of them\n$/
    ],
    [['trust', '--service-account', '/b'], /--service-account is "\/b"; expected NAME, or NAMESPACE\/NAME/],
    [['trust', '--service-account', 'a/b/c'], /--service-account is "b\/c"; expected a service account name/],
    [['trust', '--service-account', 'a/b'], /neither the issuer nor the ARN of the cluster is known/],
    [['trust', '-n', 'a', '--service-account', 'a'], /neither the issuer .* is known; pass --issuer/],
    [['trust', '--service-account', 'a/a', '--iam', 'examples/iam.json'], /no trust policy given/],
    [
      [
        'trust',
        '--service-account',
        'a/a',
        '--issuer',
        'https://a.example',
        '--role',
        'arn:aws:iam::111122223333:role/a'
      ],
      /--role is given without IAM facts/
    ],
    [
      ['trust', '--service-account', 'a/a', '--iam', 'examples/iam.json', '--role', 'a'],
      /--role is "a"; expected arn:aws:iam/
    ],
    [
      [
        'trust',
        '--service-account',
        'a/a',
        '--iam',
        'examples/iam.json',
        '--role',
        'arn:aws:iam::111122223333:role/gone'
      ],
      /role\/gone does not exist/
    ],
    [
      [
        'trust',
        '--service-account',
        'a/a',
        '--iam',
        'examples/iam.json',
        '--role',
        'arn:aws:iam::999999999999:role/a'
      ],
      /does not list all roles/
    ],
    [
      ['trust', '--service-account', 'a/a', '--iam', 'examples/iam.json', '--policy', 'package.json'],
      /OIDC providers in 0 accounts; pass the ARN of the policy's role with --role/
    ],
    [
      ['check', '-', '-n=shop'],
      /^irsa-guard: --namespace is "=shop"; expected .*; write -n shop, or --namespace=shop\n$/
    ],
    [
      ['check', '-', '-n', ''],
      /^irsa-guard: --namespace is ""; expected a namespace name: at most 63 characters from a-z, .* letter or digit\n$/
    ],
    [['check', '-', '-n', 'a.b'], /--namespace is "a.b"; expected/],
    [['check', '-', '-n', 'a'.repeat(64)], /--namespace is "a+"; expected/],
    [['check', '-', '--issuer='], /--issuer is ""; expected a URL/],
    [
      ['check', '-', '--audience='],
      /^irsa-guard: --audience is ""; expected the name of an audience, such as sts.amazonaws.com\n$/
    ],
    [
      ['check', '-', '--iam', 'src'],
      /^irsa-guard: src is a directory; expected a JSON file with IAM facts \(for several files, repeat --iam, /
    ],
    [['check', '-', '--config', 'src'], /^irsa-guard: src is a directory; expected a file\n$/],
    [['trust', '-n', 'shop*', '--service-account', 'a'], /--namespace is "shop\*"; expected/],
    [['trust', '-n', 'shop/cart', '--service-account', 'a'], /--namespace is "shop\/cart"; expected/],
    [
      ['trust', '--service-account', 'Bad Name'],
      /^irsa-guard: --service-account is "Bad Name"; expected a service account name: /
    ],
    [['trust', '--service-account='], /--service-account is ""; expected/],
    [['trust', '--service-account', 'a..b'], /--service-account is "a..b"; expected/],
    [['trust', '--service-account', 'a/a.b', '--audience='], /--audience is ""; expected/],
    [['ca'], /no bundle given; expected mutatingwebhookconfiguration\/NAME in a cluster, or --bundle FILE/],
    [
      ['ca', 'mutatingwebhookconfiguration/a', '--bundle', 'ca.pem'],
      /^irsa-guard: both mutatingwebhookconfiguration\/a and --bundle ca\.pem are given; expected only one\n$/
    ],
    ...['abc', '1', '1.23x', '1.', '2.1', ''].map((go): [string[], RegExp] => [
      ['ca', '--bundle', 'examples/cluster-ca.pem', '--go', go],
      new RegExp(`^irsa-guard: --go is "${go}"; expected a Go version, such as 1\\.23 or 1\\.25\\.3\\n$`)
    ]),
    [['serv'], /unknown command 'serv'/]
  ]
  for (const [args, message] of table) t.match(await run(args), { code: 2, stderr: message }, args.join(' '))
})

t.test('a reader that stops early changes neither the exit code nor stderr', async (t) => {
  const account = readFileSync('demo/policy-arn.yaml', 'utf8')
  const child = spawn('sh', [
    '-c',
    `{ "${process.execPath}" dist/cli.js check -; echo "code $?" >&2; } | head -n 1`
  ])
  child.stdin.end(Array(3000).fill(account).join('---\n'))
  t.equal(await readStream(child.stderr), 'code 1\n')
})

t.test('serve and controller end with 2 when a port is taken, whatever they have begun', async (t) => {
  const other = createServer()
  other.listen(0, '::')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo // of a server that listens
  const { key, certificate } = issueCa('localhost', {
    from: new Date(Date.now() - 60_000),
    until: new Date(Date.now() + 3_600_000)
  })
  const cluster = { server: 'https://127.0.0.1:1' } // nobody is there
  const kubeconfig = {
    clusters: [{ name: 'a', cluster }],
    contexts: [{ name: 'a', context: { cluster: 'a' } }],
    'current-context': 'a'
  }
  const tls = (directory: string) => `tls: { certFile: ${directory}/tls.crt, keyFile: ${directory}/tls.key }`
  const directory = t.testdir({
    'tls.key': key,
    'tls.crt': certificate,
    kubeconfig: JSON.stringify(kubeconfig),
    empty: {}
  })
  writeFileSync(`${directory}/review.yaml`, `server: { port: ${port}, healthPort: 0 }\n${tls(directory)}`)
  writeFileSync(`${directory}/health.yaml`, `server: { port: 0, healthPort: ${port} }\n${tls(directory)}`)
  const withCluster = ['--kubeconfig', `${directory}/kubeconfig`]
  for (const [command, file, ...more] of [
    ['serve', 'review'],
    ['serve', 'review', ...withCluster],
    ['serve', 'health'],
    ['serve', 'health', ...withCluster],
    ['controller', 'health', ...withCluster]
  ] as const) {
    const args = [command, '--config', `${directory}/${file}.yaml`, '--iam', 'examples/iam.json', ...more]
    const ended = await run(args, '', { HOME: `${directory}/empty` })
    t.match(
      ended,
      { code: 2, stderr: new RegExp(`^irsa-guard: port ${port} is already in use\n$`) },
      `${command} ${file}`
    )
  }
})

t.test(
  'the exit code stands when complaints cannot be written',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async (t) => {
    for (const args of ['check gone.yaml', 'check - --nonsense', 'check - --iam gone.json']) {
      const child = spawn('sh', [
        '-c',
        `"${process.execPath}" dist/cli.js ${args} 2>/dev/full </dev/null >/dev/null; echo "code $?"`
      ])
      t.equal(await readStream(child.stdout), 'code 2\n', args)
    }
  }
)

t.test('help has examples', async (t) => {
  for (const command of ['check', 'serve', 'trust'])
    t.match(await run([command, '--help']), { code: 0, stdout: /Examples?:\n/ }, command)
})

t.test('--version says the version of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.strictSame(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('an old Node is told in one line, with the exit code of a command that could not run', async (t) => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.19.0' })"
  t.match(
    await run(['check', 'examples/service-accounts.yaml'], '', {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(old)}`
    }),
    {
      code: 2,
      stdout: '',
      stderr: 'irsa-guard: this is Node 20.19.0; irsa-guard needs Node 22.19 or newer\n'
    }
  )
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } }
  t.equal(engines.node, '>=22.19')
})

t.test('ca takes kind and name as two words', async (t) => {
  t.match(await run(['ca', 'mutatingwebhookconfiguration', 'a', 'b']), {
    code: 2,
    stderr: /"mutatingwebhookconfiguration a b" is not a webhook configuration/
  })
  t.match(await run(['ca', 'mutatingwebhookconfiguration', 'a', '--kubeconfig', '/nonexistent']), {
    code: 2,
    stderr: /kubeconfig/
  })
})
