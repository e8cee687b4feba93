import type { IamSource } from '../../facts/facts.js'
import type { IamSourceOptions } from './source.js'

/** `buildIamSource`, loaded on demand: the AWS SDK takes 0.2 s to load, and most commands do not need it. */
export const buildLiveIam = async (options: IamSourceOptions): Promise<IamSource> =>
  (await import('./source.js')).buildIamSource(options)
