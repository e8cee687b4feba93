import type { PinnedImage } from './registry.ts'

/** Which release was made, and by what. */
export interface Build {
  readonly version: string
  readonly commit: string
  readonly builder: string
  /** The URL of the repository, if it is known. */
  readonly repository: string | undefined
  /** The version of each program that was used. */
  readonly programs: Readonly<Record<string, string>>
  /** undefined if there is no image in the release. */
  readonly base: PinnedImage | undefined
}

/**
 * An unsigned in-toto statement with SLSA provenance (https://slsa.dev/spec/v1.0/provenance) for files by their
 * SHA-256. It has no times, so that two builds of a commit are the same.
 */
export const provenanceOf = (
  files: ReadonlyMap<string, string>,
  { version, commit, builder, repository, programs, base }: Build
): object => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [...files].map(([name, sha256]) => ({ name, digest: { sha256 } })),
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'https://irsa-guard.io/release/v1',
      externalParameters: { version, command: 'npm run release' },
      internalParameters: { programs },
      resolvedDependencies: [
        {
          name: 'source',
          ...(repository !== undefined && { uri: `git+${repository}` }),
          digest: { gitCommit: commit }
        },
        ...(base === undefined
          ? []
          : [
              {
                name: 'base image',
                uri: `oci://${base.registry}/${base.repository}`,
                digest: { sha256: base.digest.replace('sha256:', '') }
              }
            ])
      ]
    },
    runDetails: { builder: { id: builder } }
  }
})
