import { parse } from 'yaml'
import { Layout, manifestType } from './oci.ts'
import { filesBelow, gzip, tarOf } from './tar.ts'

interface ChartMetadata {
  readonly name: string
  readonly version: string
  readonly description: string
}

/** A chart as `helm package` writes it, but with the same bytes each time. */
export async function chartArchive(folder: string, at: Date): Promise<Buffer> {
  const files = filesBelow(folder, 'irsa-guard')
  const metadata = files.filter(({ path }) => path === 'irsa-guard/Chart.yaml') // comes first, as helm package does it

  return gzip(await tarOf([...metadata, ...files.filter((file) => !metadata.includes(file))], at))
}

/** An OCI image layout of a chart, as `helm push` uploads it: https://helm.sh/docs/topics/registries/ */
export async function chartLayout(archive: Buffer, chartYaml: string, at: Date): Promise<Buffer> {
  const metadata = parse(chartYaml) as ChartMetadata
  const layout = new Layout()
  const manifest = layout.add(manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: layout.add('application/vnd.cncf.helm.config.v1+json', metadata),
    layers: [layout.add('application/vnd.cncf.helm.chart.content.v1.tar+gzip', archive)],
    annotations: {
      'org.opencontainers.image.title': metadata.name,
      'org.opencontainers.image.version': metadata.version,
      'org.opencontainers.image.description': metadata.description,
      'org.opencontainers.image.created': at.toISOString()
    }
  })

  return layout.archive(
    { ...manifest, annotations: { 'org.opencontainers.image.ref.name': metadata.version } },
    at
  )
}
