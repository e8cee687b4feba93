import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import t from 'tap'
import { issueCa, issueServing } from '../../src/controller/certificates/issue-certificate.js'
import { buildKubeClient, type KubeClient } from '../../src/kube/client.js'

const validity = { from: new Date(Date.now() - 60_000), until: new Date(Date.now() + 3_600_000) }
const ca = issueCa('test', validity)

const clientOf = (
  server: string,
  user: object = {},
  address?: { host: string; port: number }
): KubeClient => {
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'a', server, caData: Buffer.from(ca.certificate).toString('base64') }],
    users: [{ name: 'a', ...user }],
    contexts: [{ name: 'a', cluster: 'a', user: 'a' }],
    currentContext: 'a'
  })
  return buildKubeClient(config, address)
}

t.test("a pod's token counts from the moment that it is in its file", async (t) => {
  const { certificate, key } = issueServing(ca, ['127.0.0.1'], validity)
  const server = createServer({ cert: certificate, key }, (request, response) => {
    response.writeHead(request.headers.authorization === 'Bearer second' ? 200 : 401).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number } // it listens on TCP

  const tokenFile = `${t.testdir({ token: 'first' })}/token`
  const client = clientOf(`https://127.0.0.1:${port}`, {
    authProvider: { name: 'tokenFile', config: { tokenFile } }
  })
  t.teardown(() => client.close())
  t.equal((await client.request({ path: '/' })).status, 401)
  t.equal(await client.readToken(), 'first')
  await writeFile(tokenFile, 'second\n')
  t.equal((await client.request({ path: '/' })).status, 200)
  t.equal(await client.readToken(), 'second')
})

t.test('says what is wrong with the kubeconfig when there is no answer for it', async (t) => {
  const { certificate, key } = issueServing(issueCa('another', validity), ['127.0.0.1'], validity)
  const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number } // it listens on TCP
  await t.rejects(clientOf(`https://127.0.0.1:${port}`).request({ path: '/' }), {
    message:
      "the API server's certificate is not signed by a CA in the kubeconfig (UNABLE_TO_VERIFY_LEAF_SIGNATURE)"
  })
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'no-such-plugin',
    interactiveMode: 'Never'
  }
  await t.rejects(clientOf(`https://127.0.0.1:${port}`, { exec }).request({ path: '/' }), {
    message:
      "the kubeconfig's credentials could not be obtained: the exec plugin no-such-plugin was not found; install it, or add its directory to PATH"
  })
  const failing = `${t.testdir({})}/failing`
  await writeFile(
    failing,
    '#!/bin/sh\nprintf "\\nError: the token has expired\\nlog in\\n" >&2\nexit 255\n',
    { mode: 0o755 }
  )
  await t.rejects(
    clientOf(`https://127.0.0.1:${port}`, { exec: { ...exec, command: failing } }).request({ path: '/' }),
    {
      message: "the kubeconfig's credentials could not be obtained: Error: the token has expired log in"
    }
  )
})

t.test('is shown with the address that it asks', async (t) => {
  for (const [address, shown] of [
    [undefined, 'https://cluster.example'],
    [{ host: '10.0.0.1', port: 6443 }, 'https://10.0.0.1:6443'],
    [{ host: 'fd00::1', port: 6443 }, 'https://[fd00::1]:6443']
  ] as const) {
    t.equal(clientOf('https://cluster.example', {}, address).server, shown)
  }
  t.equal(clientOf('https://cluster.example').at({ host: '::1', port: 443 }).server, 'https://[::1]')
  await t.rejects(clientOf('https://cluster.example').at({ host: '::1', port: 1 }).request({ path: '/' }), {
    code: /^(ECONNREFUSED|EADDRNOTAVAIL)$/
  }) // or IPv6 is off
})

// As an address whose host is gone: nothing answers, not even with a refusal. The queue of a server that
// accepts nothing is soon full, and the system then ignores who else wants to connect.
const deaf = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  require('fs').writeSync(1, String(this.address().port))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

t.test('waits ten seconds for an address where nobody is, and names it', async (t) => {
  const child = spawn(process.execPath, ['--eval', deaf], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout, 'data')) as [Buffer] // a stream's chunk
  const port = Number(text)
  const queued = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  t.teardown(() => {
    for (const socket of queued) socket.destroy()
    child.kill('SIGKILL')
  })
  const client = clientOf('https://cluster.example').at({ host: '127.0.0.1', port })
  await t.rejects(client.request({ path: '/' }), { message: `no answer from 127.0.0.1:${port} within 10 s` })
})
