import { execFileSync } from 'node:child_process'
import t from 'tap'

const help = (...args: readonly string[]): string =>
  execFileSync(process.execPath, ['dist/cli.js', ...args, '--help'], { encoding: 'utf8' })

t.test('ca --help shows how to use it', async (t) => {
  const text = help('ca')
  for (const option of ['--bundle', '--server', '--chain', '--host', '--cluster-ca', '--fix', '--output'])
    t.match(text, option)
  t.match(text, 'irsa-guard ca --bundle bundle --cluster-ca ca.crt --fix -o pem > clean.pem')
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
  t.match(
    text,
    /^✓ ok {14}the bundle trusts the expected CA\n {2}because {9}it contains CN=kubernetes .*\n\n {2}in the bundle {3}CN=kubernetes .* expected\n/
  )
})
