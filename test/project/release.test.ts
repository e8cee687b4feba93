import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { parse } from 'yaml'
import type { Descriptor } from '../../scripts/release/oci.ts'
import { run } from '../control-plane/run.ts'
import { chart, findHelms, objectsOf } from '../support/helm.ts'
import { sha256, startRegistry } from '../support/registry.ts'
import {
  baseImage,
  type Checkout,
  checkOut,
  dateChangelog,
  pinBase,
  readLayout,
  unpack
} from '../support/release.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const website = 'https://irsa-guard.io'
const base = await baseImage()
const registry = await startRegistry('distroless/node', base.stored)
const folders: string[] = []
t.teardown(async () => {
  await registry.stop()
  for (const folder of folders) rmSync(folder, { recursive: true })
})

const checkOutHere = async (origin?: Checkout): Promise<Checkout> => {
  const checkout = await checkOut(origin)
  folders.push(checkout.folder)

  return checkout
}
const unpackHere = async (archive: string): Promise<string> => {
  const folder = await unpack(archive)
  folders.push(folder)

  return folder
}
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'))

const ready = await checkOutHere()
ready.edit('Dockerfile', pinBase(registry.host, base.digest))
ready.edit('CHANGELOG.md', dateChangelog)
await ready.commit()
await ready.git('tag', `v${version}`)
const clone = await checkOutHere(ready)

const unready = await checkOutHere()
unready.edit('Dockerfile', pinBase('127.0.0.1:2', base.digest))
await unready.commit()
unready.edit('README.md', (text) => `${text}\n`)

const [dryRun, released, incomplete] = await Promise.all([
  ready.release(['--dry-run', '--out', 'out']),
  clone.release([]),
  unready.release(['--dry-run'], {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'owner/irsa-guard',
    GITHUB_WORKFLOW_REF: `owner/irsa-guard/.github/workflows/release.yaml@refs/tags/v${version}`
  })
])
const folder = join(clone.folder, 'release')

t.test('a dry run and a release in another folder have the same bytes', async (t) => {
  t.match(dryRun, { code: 0, stderr: '' })
  t.match(released, { code: 0, stderr: '' })
  t.equal(dryRun.stdout, released.stdout)
  const names = readdirSync(folder)
  t.strictSame(names, readdirSync(join(ready.folder, 'out')))
  t.strictSame(
    names
      .filter((name) => name !== 'SHA256SUMS')
      .map((name) => `${sha256(readFileSync(join(folder, name)))}  ${name}`),
    readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')
  )
  t.equal(released.stdout, readFileSync(join(folder, 'SHA256SUMS'), 'utf8'))
  t.equal(await clone.git('status', '--porcelain'), '', 'nothing but the ignored folder was written')
})

t.test(
  'a dry run of an unfinished version without the registry leaves out the image and says so',
  async (t) => {
    t.match(incomplete, { code: 0 })
    t.strictSame(incomplete.stderr.split('\n'), [
      `release: warning: CHANGELOG.md says "${version}, unreleased"; write the date of the release instead, such as "${version}, 2026-12-31"`,
      'release: warning: README.md changed after the last commit, and the release contains only what is committed; commit or stash the changes',
      `release: warning: the commit has no tag; expected v${version}, as in package.json; run git tag -s v${version}`,
      `release: warning: the base image cannot be pulled: 127.0.0.1:2 could not be reached: connect ECONNREFUSED 127.0.0.1:2; the image is left out`,
      ''
    ])
    const out = join(unready.folder, 'release')
    t.strictSame(
      readdirSync(out),
      readdirSync(folder).filter((name) => !name.includes('image'))
    )
    t.match(parse(readFileSync(join(out, 'irsa-guard.yaml'), 'utf8')), {
      spec: {
        platforms: [
          {
            uri: `https://github.com/owner/irsa-guard/releases/download/v${version}/irsa-guard-cli-${version}.tar.gz`
          }
        ]
      }
    })
    const { predicate } = readJson(out, 'provenance.json') as Statement
    t.equal(
      predicate.runDetails.builder.id,
      `https://github.com/owner/irsa-guard/.github/workflows/release.yaml@refs/tags/v${version}`
    )
    t.match(predicate.buildDefinition.resolvedDependencies, [
      { uri: 'git+https://github.com/owner/irsa-guard' }
    ])
    t.equal(predicate.buildDefinition.resolvedDependencies.length, 1, 'no base image')
    t.notMatch(readFileSync(join(out, `irsa-guard-${version}.cdx.json`), 'utf8'), '"container"')
  }
)

t.test('the npm package and the archive of the command need no other package', async (t) => {
  const global = t.testdir()
  const installed = await run('npm', [
    'install',
    '--global',
    '--offline',
    '--prefix',
    global,
    join(folder, `irsa-guard-${version}.tgz`)
  ])
  t.match(installed, { code: 0, stdout: /added 1 package / })
  const archive = await unpackHere(join(folder, `irsa-guard-cli-${version}.tar.gz`))
  t.strictSame(readdirSync(archive).sort(), [
    'LICENSE',
    'THIRD-PARTY-NOTICES.txt',
    'completions',
    'irsa-guard.1',
    'irsa-guard.mjs'
  ])
  const examples = join(process.cwd(), 'examples')
  for (const command of [
    join(global, 'bin/irsa-guard'),
    join(global, 'bin/kubectl-irsa_guard'),
    join(archive, 'irsa-guard.mjs')
  ]) {
    const env = { PATH: process.env['PATH'] }
    t.match(await run(command, ['--version'], { env, cwd: global }), { code: 0, stdout: version, stderr: '' })
    const checked = await run(
      command,
      ['check', join(examples, 'service-accounts.yaml'), '--iam', join(examples, 'iam.json')],
      { env, cwd: global }
    )
    t.match(checked, { code: 1, stdout: /role-arn-malformed[^]*2 errors/, stderr: '' })
  }

  const package_ = (await import(
    join(global, 'lib/node_modules/irsa-guard/dist/library.mjs')
  )) as typeof import('../../src/library/index.js')
  const [verdict] = await package_.checkObjects([
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'cart', namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': 'cart' } }
    }
  ])
  t.match(verdict?.findings, [{ rule: 'role-arn-malformed' }])

  // The types of the package are complete, and refer to no other package.
  writeFileSync(
    join(global, 'lib/node_modules/use.mts'),
    `import { checkObjects } from 'irsa-guard'\nexport const verdicts: number = (await checkObjects([])).length\n`
  )
  const tsc = [
    'node_modules/typescript/bin/tsc',
    '--noEmit',
    '--ignoreConfig',
    '--strict',
    '--target',
    'es2024',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--typeRoots',
    'node_modules/@types'
  ]
  t.match(await run(process.execPath, [...tsc, join(global, 'lib/node_modules/use.mts')]), {
    code: 0,
    stdout: ''
  })
})

t.test('Helm reads the chart from its archive, and pulls its OCI layout from a registry', async (t) => {
  const archive = join(folder, `irsa-guard-chart-${version}.tgz`)
  const layout = readLayout(await unpackHere(join(folder, `irsa-guard-chart-${version}.oci.tar`)))
  t.match(layout.root, {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    annotations: { 'org.opencontainers.image.ref.name': version }
  })
  const charts = await startRegistry(
    'charts/irsa-guard',
    [...layout.blobs].map(([digest, content]) =>
      digest === layout.root.digest
        ? { mediaType: layout.root.mediaType, content, tag: version }
        : { mediaType: 'application/octet-stream', content }
    ),
    { open: true }
  )
  t.teardown(() => charts.stop())

  for (const helm of await findHelms(t.testdir())) {
    const shown = await helm.run(['show', 'chart', archive])
    t.match(
      { ...shown, stdout: parse(shown.stdout) as object },
      { code: 0, stderr: '', stdout: { name: 'irsa-guard', version } },
      helm.name
    )
    const rendered = await helm.run(['template', 'irsa-guard', archive])
    t.match(rendered, { code: 0, stderr: '' }, helm.name)
    t.strictSame(
      objectsOf(rendered.stdout),
      objectsOf((await helm.run(['template', 'irsa-guard', chart])).stdout),
      helm.name
    )

    const pulled = t.testdir()
    t.match(
      await helm.run([
        'pull',
        `oci://${charts.host}/charts/irsa-guard`,
        '--version',
        version,
        '--plain-http',
        '--destination',
        pulled
      ]),
      { code: 0 },
      helm.name
    )
    t.equal(
      sha256(readFileSync(join(pulled, `irsa-guard-${version}.tgz`))),
      sha256(readFileSync(archive)),
      helm.name
    )
  }
})

t.test('install.yaml has the objects of manifests/, and names the image alone', async (t) => {
  const text = readFileSync(join(folder, 'install.yaml'), 'utf8')
  const objects = objectsOf(text)
  t.ok(
    objects.has('Deployment/irsa-guard/irsa-guard-serve') &&
      objects.has('CustomResourceDefinition/webhooktrusts.irsa-guard.io')
  )
  t.ok(objects.size > 20)
  t.strictSame(
    new Set([...text.matchAll(/ image: (.*)/g)].map(([, image]) => image)),
    new Set([`irsa-guard:${version}`])
  )
})

t.test('the image adds one layer to the base image of each platform', async (t) => {
  const { root, blobs } = readLayout(await unpackHere(join(folder, `irsa-guard-image-${version}.oci.tar`)))
  t.match(root, {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    annotations: {
      'io.containerd.image.name': `docker.io/library/irsa-guard:${version}`,
      'org.opencontainers.image.ref.name': version
    }
  })
  const read = ({ digest, size }: Descriptor): unknown => {
    const content = blobs.get(digest) ?? Buffer.alloc(0)
    t.equal(content.length, size, digest)

    return JSON.parse(content.toString())
  }
  const { manifests } = read(root) as { manifests: readonly Descriptor[] }
  t.strictSame(
    manifests.map(({ platform }) => platform),
    [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64', variant: 'v8' }
    ]
  )
  t.ok(registry.served.includes(`/v2/distroless/node/manifests/${base.digest}`))

  for (const descriptor of manifests) {
    const manifest = read(descriptor) as {
      mediaType: string
      config: Descriptor
      layers: readonly Descriptor[]
    }
    t.equal(manifest.mediaType, 'application/vnd.oci.image.manifest.v1+json')
    t.strictSame(
      manifest.layers.map(({ mediaType }) => mediaType),
      Array(2).fill('application/vnd.oci.image.layer.v1.tar+gzip')
    )
    const layers = manifest.layers.map(({ digest }) => blobs.get(digest) ?? Buffer.alloc(0))
    t.ok(layers[0]?.equals(base.layer), 'the layer of the base image is unchanged')
    const config = read(manifest.config)
    t.match(config, {
      ...descriptor.platform,
      created: '2026-11-27T12:00:00.000Z',
      config: {
        Env: ['PATH=/usr/bin', 'NODE_ENV=production'],
        Entrypoint: ['/nodejs/bin/node', '/app/irsa-guard.mjs'],
        Cmd: undefined,
        User: '65532:65532',
        WorkingDir: '/app',
        ExposedPorts: { '9443/tcp': {}, '8080/tcp': {} },
        Labels: {
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.base.digest': base.digest
        }
      },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(gunzipSync(layer))}`) },
      history: [{ created_by: 'base' }, { created_by: 'npm run release' }]
    })

    const added = join(t.testdir(), 'layer.tar.gz')
    writeFileSync(added, layers[1] ?? '')
    const listed = (await run('tar', ['--list', '--verbose', '--numeric-owner', '--file', added])).stdout
      .trim()
      .split('\n')
    t.ok(
      listed.every((line) => /^(?:drwxr-xr-x|-rw-r--r--) 0\/0 /.test(line)),
      listed.join('\n')
    )
    const image = await unpackHere(added)
    t.strictSame(readdirSync(join(image, 'app')).sort(), [
      'LICENSE',
      'THIRD-PARTY-NOTICES.txt',
      'irsa-guard.mjs',
      'manifests'
    ])
    t.ok(existsSync(join(image, 'app/manifests/kustomization.yaml')))
    t.match(await run(process.execPath, [join(image, 'app/irsa-guard.mjs'), '--version'], { cwd: image }), {
      code: 0,
      stdout: version
    })
  }
})

t.test('the SBOM has every bundled package, and the provenance every file', async (t) => {
  const sbom = readJson(folder, `irsa-guard-${version}.cdx.json`) as {
    serialNumber?: string
    components: readonly {
      name: string
      group?: string
      version: string
      type: string
      hashes: readonly object[]
      licenses?: readonly object[]
    }[]
    dependencies: readonly { ref: string; dependsOn?: readonly string[] }[]
  }
  const notices = readFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  const listed = new Set(
    [...notices.matchAll(/^={80}\n(\S+) (\S+) \(/gm)].map(
      ([, name = '', version = '']) => `${name} ${version}`
    )
  )
  const [container, ...others] = sbom.components.filter(({ type }) => type === 'container')
  t.match(container, { name: `${registry.host}/distroless/node`, version: base.digest })
  t.strictSame(others, [])
  const libraries = sbom.components.filter(({ type }) => type === 'library')
  t.strictSame(
    new Set(
      libraries.map(
        ({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name} ${version}`
      )
    ),
    listed
  )
  t.ok(listed.size > 50)
  for (const { name, hashes, licenses } of libraries)
    t.ok(hashes.length === 1 && licenses?.length === 1, name)
  const own = sbom.dependencies.find(({ ref }) => ref === `irsa-guard@${version}`)
  t.ok(own?.dependsOn?.includes('node_modules/fastify'))
  t.notOk(own?.dependsOn?.includes('node_modules/fast-uri'), 'a dependency of a dependency')
  t.ok(
    sbom.dependencies
      .find(({ ref }) => ref === 'node_modules/fastify')
      ?.dependsOn?.includes('node_modules/pino')
  )
  t.equal(sbom.serialNumber, undefined)

  const { subject, ...statement } = readJson(folder, 'provenance.json') as Statement
  t.strictSame(
    subject.map(({ name, digest }) => `${digest.sha256}  ${name}`),
    released.stdout
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith('provenance.json'))
  )
  t.match(statement, {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: { version },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: (await ready.git('rev-parse', 'HEAD')).trim() } },
          {
            name: 'base image',
            uri: `oci://${registry.host}/distroless/node`,
            digest: { sha256: base.digest.replace('sha256:', '') }
          }
        ]
      },
      runDetails: { builder: { id: `${website}/release/local` } }
    }
  })
})

t.test('the krew manifest has the checksum of the archive', async (t) => {
  const archive = `irsa-guard-cli-${version}.tar.gz`
  t.match(parse(readFileSync(join(folder, 'irsa-guard.yaml'), 'utf8')), {
    spec: {
      platforms: [
        {
          uri: `${website}/v${version}/${archive}`,
          sha256: sha256(readFileSync(join(folder, archive))),
          bin: 'irsa-guard.mjs'
        }
      ]
    }
  })
})

interface Statement {
  readonly subject: readonly { name: string; digest: { sha256: string } }[]
  readonly predicate: {
    readonly buildDefinition: { readonly resolvedDependencies: readonly object[] }
    readonly runDetails: { readonly builder: { readonly id: string } }
  }
}
