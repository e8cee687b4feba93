import type { IamSource, RoleListSource } from '../../facts/facts.js'
import type { FollowedIam, FollowedIamOptions } from './followed-iam.js'
import type { IamSourceOptions } from './source.js'

/** `buildIamSource`, loaded on demand: the AWS SDK takes 0.2 s to load, and most commands do not need it. */
export const buildLiveIam = async (options: IamSourceOptions): Promise<IamSource & RoleListSource> =>
  (await import('./source.js')).buildIamSource(options)

/** `buildFollowedIam` for the IAM API, loaded on demand for the same reason. */
export async function buildLiveFollowedIam(
  options: Omit<IamSourceOptions, 'onFailure'>,
  followed: Omit<FollowedIamOptions, 'build'>
): Promise<FollowedIam> {
  const [{ buildIamSource }, { buildFollowedIam }] = await Promise.all([
    import('./source.js'),
    import('./followed-iam.js')
  ])

  return buildFollowedIam({
    ...followed,
    // `ReadingOrder` already spaces the reads of a key, so each of them may send a request.
    build: (onFailure) => buildIamSource({ ...options, freshFor: 0, onFailure })
  })
}
