import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, selfManagedWebhook } from '../support/webhooks.js'

const certManager = 'cert-manager.io/inject-ca-from'
const serviceCa = 'service.beta.openshift.io/inject-cabundle'
const asking = (annotations: object, webhook: object = {}): object =>
  configurationOf([selfManagedWebhook(webhook)], { annotations })
const certificate = (injectedCertificate: 'exists' | 'missing' | 'unseen') => ({
  injectedCertificate: known(injectedCertificate)
})
const filled = {
  clientConfig: { service: { namespace: 'default', name: 'pod-identity-webhook' }, caBundle: 'eA==' }
}

export const cases: readonly Case[] = [
  {
    why: 'a manifest is expected to have no bundle',
    object: asking({ [certManager]: 'default/webhook' }),
    facts: certificate('exists')
  },
  {
    why: 'Certificates were not looked up',
    object: asking({ [certManager]: 'default/webhook' }),
    facts: certificate('unseen')
  },
  {
    why: 'a name without a namespace',
    object: asking({ [certManager]: 'webhook' }),
    facts: certificate('unseen'),
    field: `metadata.annotations["${certManager}"]`,
    message:
      /^cert-manager\.io\/inject-ca-from is "webhook"; expected <namespace>\/<name>, so the caBundle is not filled in$/,
    fix: /separated by one slash/
  },
  {
    why: 'an unrendered template',
    object: asking({ [certManager]: '{{ .Release.Namespace }}/webhook' }),
    facts: certificate('unseen'),
    message: /Release/
  },
  {
    why: 'a Secret reference with two slashes',
    object: asking({ 'cert-manager.io/inject-ca-from-secret': 'a/b/c' }),
    facts: certificate('unseen'),
    message: /is "a\/b\/c"/
  },
  {
    why: 'the Certificate does not exist',
    object: asking({ [certManager]: 'default/webhook' }),
    facts: certificate('missing'),
    message: /names Certificate "default\/webhook", which does not exist/
  },
  {
    why: 'the bundle in the cluster is empty',
    object: asking({ [serviceCa]: 'true' }),
    stage: 'running',
    facts: certificate('unseen'),
    field: 'webhooks[0].clientConfig.caBundle',
    message:
      /^the caBundle of webhook pod-identity-webhook\.amazonaws\.com is empty, although service\.beta\.openshift\.io\/inject-cabundle directs service-ca to fill it in$/,
    fix: /log of service-ca/
  },
  {
    why: 'filled in',
    object: asking({ [certManager]: 'default/webhook' }, filled),
    stage: 'running',
    facts: certificate('exists')
  },
  {
    why: 'injection is off',
    object: asking({ [serviceCa]: 'false' }),
    stage: 'running',
    facts: certificate('unseen')
  },
  {
    why: 'not a string',
    object: asking({ [certManager]: 1 }),
    stage: 'running',
    facts: certificate('unseen')
  }
]
