import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'

t.test('the script for a laptop makes a serving certificate', async (t) => {
  const folder = t.testdir()
  execFileSync('scripts/laptop-certs.sh', ['127.0.0.1', 'guard.example.com'], {
    env: { ...process.env, CERTS: folder },
    stdio: 'pipe'
  })
  t.strictSame(readdirSync(folder).sort(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'])
  const [ca, serving] = ['ca.crt', 'tls.crt'].map(
    (file) => new X509Certificate(readFileSync(`${folder}/${file}`))
  )
  if (ca === undefined || serving === undefined) throw new Error('unreachable: two files were read')

  t.ok(ca.ca && !serving.ca)
  t.ok(serving.checkIssued(ca) && serving.verify(ca.publicKey))
  t.ok(serving.checkPrivateKey(createPrivateKey(readFileSync(`${folder}/tls.key`))))
  t.equal(serving.checkIP('127.0.0.1'), '127.0.0.1')
  t.equal(serving.checkHost('guard.example.com', { subject: 'never' }), 'guard.example.com')
  t.equal(statSync(`${folder}/tls.key`).mode & 0o077, 0, 'nobody else reads the key')
})

t.test('without a name it says how it is used', async (t) => {
  const { status, stderr } = spawnSync('scripts/laptop-certs.sh', { encoding: 'utf8' })
  t.equal(status, 2)
  t.match(stderr, /^usage: /)
})

t.test('no key is committed', async (t) => {
  const kept = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0')
  t.ok(kept.length > 50)
  t.strictSame(
    kept.filter((file) => /\.(key|crt|p12)$/.test(file)),
    []
  )
  for (const file of kept.filter((file) => file.endsWith('.pem')))
    t.notMatch(readFileSync(file, 'utf8'), /PRIVATE KEY/, file)
  const wouldBeKept = spawnSync(
    'git',
    ['check-ignore', 'certs/ca.key', 'certs/tls.key', 'certs/ca.crt', 'certs/tls.crt'],
    {
      encoding: 'utf8'
    }
  )
  t.equal(wouldBeKept.stdout.trim().split('\n').length, 4, 'and what the script makes is ignored')
})
