import { stringify } from 'yaml'

/** A release archive. */
export interface Archive {
  /** Where krew downloads it: https, `.tar.gz` or `.zip`. */
  readonly uri: string
  /** The SHA-256 of the archive, in lower-case hex. */
  readonly sha256: string
  /** The path of the executable in the archive. */
  readonly bin: string
}

/**
 * The krew manifest of a version, in YAML. krew expects it in a file that is named after the plugin,
 * irsa-guard.yaml: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/. Throws an error for an
 * archive that krew would reject.
 */
export function krewManifest(version: string, { uri, sha256, bin }: Archive): string {
  if (!/^https:\/\/\S+\.(?:tar\.gz|zip)$/.test(uri))
    throw new Error(
      `the archive for krew is at "${uri}"; expected an https URL of a .tar.gz or .zip file; change --download-url`
    )

  return stringify(
    {
      apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
      kind: 'Plugin',
      metadata: { name: 'irsa-guard' },
      spec: {
        version: `v${version}`,
        homepage: 'https://irsa-guard.io',
        shortDescription: 'Find broken IAM roles for pods on EKS',
        description: `Checks the IAM roles for pods on Amazon EKS, for IRSA and EKS Pod Identity.

diagnose names the first wrong step for one pod, and the command that fixes it.
scan lists the problems of a whole cluster by cause.
check judges manifests before they are applied.
`,
        caveats: `Needs Node.js 22.19 or newer in PATH.

Try: kubectl irsa-guard scan
`,
        platforms: [
          {
            selector: { matchExpressions: [{ key: 'os', operator: 'In', values: ['darwin', 'linux'] }] },
            uri,
            sha256,
            bin
          }
        ]
      }
    },
    { lineWidth: 0 }
  )
}
