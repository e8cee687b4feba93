import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { krewManifest } from '../../scripts/release/krew-manifest.ts'

const uri = 'https://example.com/v0.1.0/irsa-guard.tar.gz'
const sha256 = 'ab'.repeat(32)
const package_ = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string
  bin: Record<string, string>
  engines: { node: string }
}

interface Manifest {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly version: string
    readonly homepage: string
    readonly shortDescription: string
    readonly description: string
    readonly caveats: string
    readonly platforms: readonly [Readonly<Record<string, unknown>>]
  }
}

// The rules are those of `krew validate`, internal/index/validation/validate.go, and of
// https://krew.sigs.k8s.io/docs/developer-guide/develop/naming-guide/
t.test('the krew manifest is one that krew accepts', async (t) => {
  const manifest = parse(krewManifest(package_.version, { uri, sha256, bin: 'irsa-guard.mjs' })) as Manifest
  t.match(manifest, { apiVersion: 'krew.googlecontainertools.github.com/v1alpha2', kind: 'Plugin' })
  const { metadata, spec } = manifest
  t.match(metadata.name, /^[\w-]+$/)
  t.ok(
    `kubectl-${metadata.name.replaceAll('-', '_')}` in package_.bin,
    'kubectl finds the plugin under the same name if npm installed it'
  )
  t.equal(spec.version, `v${package_.version}`)
  t.match(spec.homepage, /^https:/)
  t.match(spec.shortDescription, /^[A-Z][^\r\n]{1,49}$/, 'krew search shows 50 characters')
  t.notMatch(spec.shortDescription, /kubectl/i, 'the naming guide: it is obvious')
  t.match(spec.caveats, new RegExp(package_.engines.node.replace('>=', 'Node\\.js ')))
  t.strictSame(spec.platforms, [
    {
      selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['darwin', 'linux'] }] },
      uri,
      sha256,
      bin: 'irsa-guard.mjs'
    }
  ])
})

t.test('an archive that krew would reject has no manifest', async (t) => {
  for (const uri of ['', 'http://example.com/a.zip', 'https://example.com/a.tgz'])
    t.throws(
      () => krewManifest('0.1.0', { uri, sha256, bin: 'irsa-guard.mjs' }),
      new Error(
        `the archive for krew is at "${uri}"; expected an https URL of a .tar.gz or .zip file; change --download-url`
      )
    )
})
