import t from 'tap'
import { guardedWebhooksOf } from '../../src/ca-bundle/guarded-webhooks.js'
import { readInjected } from '../../src/controller/ca-sources.js'
import { clusterCa } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import { clientThat } from '../support/kube-client.js'
import { configurationOf, selfManagedWebhook } from '../support/webhooks.js'

t.test(
  'an annotation names the CA of a webhook behind a Service, never of one that is reached by a URL',
  async (t) => {
    const annotations = { 'cert-manager.io/inject-apiserver-ca': 'true' }
    const service = { name: 'pod-identity-webhook', namespace: 'default' }
    for (const [why, clientConfig, isRead] of [
      ['behind a Service', { service }, true],
      ['by a URL that can be looked at', { url: 'https://webhook.example/mutate' }, false],
      ['beside the API server', { url: 'https://127.0.0.1:23443/mutate' }, false]
    ] as const) {
      const guarded = guardedWebhooksOf(
        [configurationOf([selfManagedWebhook({ clientConfig })], { annotations })],
        []
      )
      t.equal(guarded.length, 1, `${why}: guarded`)
      const injected = await readInjected(guarded, {
        client: clientThat(() => ({ status: 404 })),
        clusterCas: pem(clusterCa.der)
      })
      t.equal(injected.size, isRead ? 1 : 0, why)
      if (isRead)
        t.match(
          [...injected.values()],
          [{ fact: { state: 'known', value: { current: pem(clusterCa.der) } } }],
          why
        )
    }
  }
)
