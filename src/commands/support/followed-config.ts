import type { Sources } from '../../facts/facts.js'
import type { ConfigSource } from '../../process/follow-config.js'
import type { Given } from '../../process/given.js'
import { type FactsByHand, loadConfigFile, loadSources } from './sources.js'

/**
 * Loads the configuration of a process and the facts passed to it, and builds the source that reports when they
 * change. Without a configuration file, there is no such source. Throws what `loadConfigFile` and `loadSources`
 * throw.
 */
export async function loadFollowed(
  options: FactsByHand & { readonly config?: string | undefined },
  { sources, interval }: { sources?: Sources | undefined; interval?: number | undefined }
): Promise<{ loaded: Given; source: ConfigSource<Given> | undefined }> {
  let named: readonly string[] = []
  const load = async (): Promise<Given> => {
    const config = await loadConfigFile(options.config)
    const loaded = { config, given: { ...(await loadSources(options, config)), ...sources } }
    named = [
      ...(options.iam.length > 0 ? options.iam : config.iam.files),
      options.clusterCa ?? config.clusterCa
    ].filter((file) => file !== undefined)
    return loaded
  }
  const { config: file } = options

  return {
    loaded: await load(),
    source:
      file === undefined
        ? undefined
        : { files: () => [file, ...named], load, ...(interval !== undefined && { interval }) }
  }
}
