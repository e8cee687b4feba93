import { cp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { type Daemon, startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'

/** An etcd of one member that can be set back. */
export interface Etcd {
  /** Where clients reach it; stays the same through restarts. */
  readonly url: string
  /** Copies what it holds. It is away for a moment. */
  backUp(): Promise<void>
  /** Gives it what it held at the last `backUp`, with the revisions of that time. It is away for a moment. */
  restore(): Promise<void>
  stop(): Promise<void>
}

/** Starts an etcd that writes to `folder`, and keeps its backup next to it. */
export async function startEtcd(binary: string, folder: string): Promise<Etcd> {
  const url = `http://127.0.0.1:${await findFreePort()}`
  const backup = `${folder}-backup`
  let daemon = await startOnce(binary, folder, url)
  const whileStopped = async (work: () => Promise<void>): Promise<void> => {
    await daemon.stop()
    await work()
    daemon = await startOnce(binary, folder, url)
  }
  const replace = async (to: string, from: string): Promise<void> => {
    await rm(to, { recursive: true, force: true })
    await cp(from, to, { recursive: true })
  }

  return {
    url,
    backUp: () => whileStopped(() => replace(backup, folder)),
    restore: () => whileStopped(() => replace(folder, backup)),
    stop: () => daemon.stop()
  }
}

const startOnce = (binary: string, folder: string, url: string): Promise<Daemon> =>
  startDaemon({
    name: 'etcd',
    command: binary,
    args: [
      `--data-dir=${folder}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      '--listen-peer-urls=http://127.0.0.1:0',
      '--unsafe-no-fsync' // the data need not survive the machine
    ],
    isReady: () => isHealthy(`${url}/health`)
  })

function isHealthy(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, (response) => resolve(response.resume().statusCode === 200)).once('error', reject)
  })
}
