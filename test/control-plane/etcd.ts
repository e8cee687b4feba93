import { get } from 'node:http'
import { type Daemon, startDaemon } from './daemon.ts'
import { findFreePort } from './free-port.ts'

/** An etcd of one member that writes to `folder`, with its client URL. */
export async function startEtcd(binary: string, folder: string): Promise<{ url: string; daemon: Daemon }> {
  const url = `http://127.0.0.1:${await findFreePort()}`
  const daemon = await startDaemon({
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
  return { url, daemon }
}

function isHealthy(url: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, (response) => resolve(response.resume().statusCode === 200)).once('error', reject)
  })
}
