import { execFileSync } from 'node:child_process'
import t from 'tap'

const help = (...args: readonly string[]): string =>
  execFileSync(process.execPath, ['dist/cli.js', ...args, '--help'], { encoding: 'utf8' })

t.test('ca --help shows how to use it', async (t) => {
  const text = help('ca')
  for (const option of ['--bundle', '--server', '--chain', '--host', '--cluster-ca', '--fix', '--output'])
    t.match(text, option)
  t.match(text, 'irsa-guard ca --bundle bundle --cluster-ca ca.crt --fix')
  t.match(text, "jsonpath='{.data.ca\\.crt}'")
  t.match(help('check'), '--cluster-ca')
})

t.test('ca lists the certificates that the API server can read', async (t) => {
  const text = execFileSync(
    process.execPath,
    ['dist/cli.js', 'ca', '--bundle', 'examples/cluster-ca.pem', '--cluster-ca', 'examples/cluster-ca.pem'],
    {
      encoding: 'utf8'
    }
  )
  t.match(text, /^ok: it contains CN=kubernetes .*\ncertificates the API server can read \(2\):/)
})
