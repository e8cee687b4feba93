import type { AuthorityReader } from './authorities.js'
import type { EksReader } from './reader.js'
import type { EksSenderOptions } from './send.js'
import type { EksSourceOptions } from './source.js'

/** `buildEksSource`, loaded on demand: the AWS SDK takes 0.2 s to load, and most commands do not need it. */
export const buildLiveEks = async (options: EksSourceOptions): Promise<EksReader> =>
  (await import('./source.js')).buildEksSource(options)

/** `buildAuthorityReader`, loaded on demand for the same reason. */
export const buildLiveAuthorities = async (options: EksSenderOptions): Promise<AuthorityReader> =>
  (await import('./authorities.js')).buildAuthorityReader(options)
