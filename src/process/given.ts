import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Sources } from '../facts/facts.js'

/** A configuration, and the facts that the user gives with it. */
export interface Given {
  readonly config: Config
  readonly given: Sources
}

/**
 * Logs which changed keys take effect only after a restart, because the server already listens with the old
 * values.
 */
export function warnAboutRestart(log: Logger, started: Config, { server, tls }: Config): void {
  const keys = [
    ...(isDeepStrictEqual(started.server, server) ? [] : ['server']),
    ...(started.tls.certFile === tls.certFile ? [] : ['tls.certFile']),
    ...(started.tls.keyFile === tls.keyFile ? [] : ['tls.keyFile'])
  ]
  if (keys.length > 0) log.warn({ keys }, 'changed configuration keys take effect after a restart')
}
