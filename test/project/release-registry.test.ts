import t from 'tap'
import { pullImage, RegistryUnavailable } from '../../scripts/release/registry.ts'
import { startRegistry } from '../support/registry.ts'
import { baseImage } from '../support/release.ts'

const { digest, layer, stored } = await baseImage()
const repository = 'distroless/node'

t.test('an image is pulled by its digest, with and without a token', async (t) => {
  for (const open of [false, true]) {
    const registry = await startRegistry(repository, stored, { open })
    t.teardown(() => registry.stop())
    const [arm64, ...others] = await pullImage({ registry: registry.host, repository, digest }, ['arm64'])
    t.match(arm64, {
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      config: { architecture: 'arm64' },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', content: layer }]
    })
    t.strictSame(others, [])
  }
})

t.test('a registry that lacks content is unavailable; wrong content is an error of its own', async (t) => {
  const registry = await startRegistry(repository, stored)
  t.teardown(() => registry.stop())
  const pull = (digest: string, architecture = 'amd64', host = registry.host) =>
    pullImage({ registry: host, repository, digest }, [architecture])
  const missing = `sha256:${'0'.repeat(64)}`
  await t.rejects(
    pull(missing),
    new RegistryUnavailable(`http://${registry.host}/v2/${repository}/manifests/${missing} answered 404`)
  )
  await t.rejects(
    pullImage({ registry: registry.host, repository: 'other/image', digest }, ['amd64']),
    new RegistryUnavailable(`http://${registry.host}/v2/other/image/manifests/${digest} answered 404`)
  )
  await t.rejects(
    pull(digest, 'amd64', 'registry.invalid'),
    new RegistryUnavailable('registry.invalid could not be reached: getaddrinfo ENOTFOUND registry.invalid')
  )
  await t.rejects(
    pull(digest, 's390x'),
    new Error(
      `${repository}@${digest} has no image for linux/s390x; it has unknown/unknown, linux/amd64, linux/arm64; pin the digest of an index`
    )
  )

  const tampered = await startRegistry(repository, stored, {
    alter: (content) => (content.equals(layer) ? Buffer.from('other') : content)
  })
  t.teardown(() => tampered.stop())
  await t.rejects(pull(digest, 'amd64', tampered.host), {
    name: 'Error',
    message: /^127\.0\.0\.1:\d+\/distroless\/node sent sha256:[0-9a-f]{64} instead of sha256:[0-9a-f]{64}$/
  })
})
