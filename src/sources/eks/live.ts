import type { EksReader } from './reader.js'
import type { EksSourceOptions } from './source.js'

/** `buildEksSource`, loaded on demand: the AWS SDK takes 0.2 s to load, and most commands do not need it. */
export const buildLiveEks = async (options: EksSourceOptions): Promise<EksReader> =>
  (await import('./source.js')).buildEksSource(options)
