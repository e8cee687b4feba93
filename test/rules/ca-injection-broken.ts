import { known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'
import { configurationOf, selfManagedWebhook } from '../support/webhooks.js'

const certManager = 'cert-manager.io/inject-ca-from'
const fromSecret = 'cert-manager.io/inject-ca-from-secret'
const apiServerCa = 'cert-manager.io/inject-apiserver-ca'
const serviceCa = 'service.beta.openshift.io/inject-cabundle'
const asking = (annotations: object, webhook: object = {}): object =>
  configurationOf([selfManagedWebhook(webhook)], { annotations })
const certificate = (injectionSource: 'exists' | 'missing' | 'unseen' | 'forbids') => ({
  injectionSource: known(injectionSource)
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
    facts: certificate('unseen'),
    message: /^cert-manager\.io\/inject-ca-from is not a string, so the API server rejects the object$/,
    fix: /^quote the value$/
  },
  {
    why: 'a boolean that nobody quoted',
    object: asking({ [apiServerCa]: true }),
    facts: certificate('unseen'),
    message: /^cert-manager\.io\/inject-apiserver-ca is not a string/
  },
  {
    why: 'cert-manager takes only "true"',
    object: asking({ [apiServerCa]: 'yes' }),
    facts: certificate('unseen'),
    field: `metadata.annotations["${apiServerCa}"]`,
    message:
      /^cert-manager\.io\/inject-apiserver-ca is "yes", which cert-manager ignores, so the caBundle is not filled in; expected "true"$/,
    fix: /^write "true" in lower case/
  },
  {
    why: 'cert-manager does not take "True"',
    object: asking({ [apiServerCa]: 'True' }),
    facts: certificate('unseen'),
    message: /is "True", which cert-manager ignores/
  },
  {
    why: 'service-ca takes "True"',
    object: asking({ [serviceCa]: 'True' }),
    facts: certificate('unseen')
  },
  {
    why: 'service-ca does not take "1"',
    object: asking({ [serviceCa]: '1' }),
    facts: certificate('unseen'),
    message: /is "1", which service-ca ignores/
  },
  {
    why: 'ignored next to one that is followed',
    object: asking({ [apiServerCa]: 'yes', [certManager]: 'default/webhook' }),
    facts: certificate('unseen')
  },
  {
    why: 'ignored next to one of the same injector',
    object: asking({ 'service.alpha.openshift.io/inject-cabundle': 'yes', [serviceCa]: 'true' }),
    facts: certificate('unseen')
  },
  {
    why: 'malformed, and cert-manager follows another one',
    object: asking({ [certManager]: 'webhook', [fromSecret]: 'default/webhook' }),
    facts: certificate('unseen')
  },
  {
    why: 'malformed, and the one that cert-manager follows',
    object: asking({ [certManager]: 'default/webhook', [fromSecret]: 'webhook' }),
    facts: certificate('unseen'),
    message: /inject-ca-from-secret is "webhook"; expected/
  },
  { why: 'off', object: asking({ [apiServerCa]: 'false' }), facts: certificate('unseen') },
  { why: 'off, in other words', object: asking({ [apiServerCa]: 'No' }), facts: certificate('unseen') },
  { why: 'empty, as charts render it', object: asking({ [apiServerCa]: '' }), facts: certificate('unseen') },
  {
    why: 'a Secret that does not allow it',
    object: asking({ [fromSecret]: 'default/webhook' }),
    facts: certificate('forbids'),
    field: `metadata.annotations["${fromSecret}"]`,
    message:
      /^cert-manager\.io\/inject-ca-from-secret names Secret "default\/webhook", which does not allow cert-manager to read its CA, so the caBundle is not filled in$/,
    fix: /allow-direct-injection: "true"/
  },
  {
    why: 'a Secret that allows it',
    object: asking({ [fromSecret]: 'default/webhook' }),
    facts: certificate('exists')
  }
]
