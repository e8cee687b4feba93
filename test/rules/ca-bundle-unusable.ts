import { clusterCa, configurationWith } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const good = pem(clusterCa.der)
const indented = good.replace(/^/gm, '  ')

/** With annotations that ask an injector for the bundle. */
const injected = (bundle: string, annotations: object): object => ({
  ...configurationWith(bundle, { name: 'a.b.c' }, { url: undefined }),
  metadata: { name: 'a', annotations }
})

export const cases: readonly Case[] = [
  { why: 'the cluster CA', object: configurationWith(good) },
  { why: 'no bundle', object: configurationWith(undefined) },
  { why: 'an empty bundle', object: configurationWith('') },
  { why: 'no webhooks', object: { ...configurationWith(good), webhooks: undefined } },
  {
    why: 'a webhook entry that is not an object',
    object: { ...configurationWith(good), webhooks: ['a', { clientConfig: 1 }] }
  },
  {
    why: 'indented PEM',
    object: configurationWith(indented),
    message:
      /^the API server cannot read any certificate in the caBundle of webhook iam-for-pods\.amazonaws\.com: a BEGIN or END line is indented, so Go skips its PEM block \(line 1\)$/,
    fix: /remove the indentation/
  },
  {
    why: 'any webhook, including one behind a Service',
    object: configurationWith('x', { name: 'a.b.c' }, { url: undefined }),
    message: /no PEM block/
  },
  ...[12345, true, ['LS0t'], {}].map((caBundle) => ({
    why: `a bundle that is no string: ${JSON.stringify(caBundle)}`,
    object: configurationWith(undefined, {}, { caBundle }),
    message: /cannot read any certificate/
  })),
  {
    why: 'a stand-in that cert-manager replaces',
    object: injected('\n', { 'cert-manager.io/inject-ca-from': 'a/b' })
  },
  {
    why: 'a stand-in that cert-manager replaces from a Secret',
    object: injected('\n', { 'cert-manager.io/inject-ca-from-secret': 'a/b' })
  },
  {
    why: 'a stand-in that service-ca replaces',
    object: injected('x', { 'service.beta.openshift.io/inject-cabundle': 'true' })
  },
  {
    why: 'a stand-in that nothing has replaced in the cluster',
    object: injected('\n', { 'cert-manager.io/inject-ca-from': 'a/b' }),
    stage: 'running',
    message: /no PEM block/
  },
  {
    why: 'a stand-in that the injector ignores',
    object: injected('x', { 'cert-manager.io/inject-apiserver-ca': 'yes' }),
    message: /no PEM block/
  },
  {
    why: 'a stand-in that the malformed annotation does not replace',
    object: injected('x', { 'cert-manager.io/inject-ca-from': 'b' }),
    message: /no PEM block/
  },
  {
    why: 'no base64, so that no object is created for the injector',
    object: {
      ...configurationWith('', {}, { caBundle: '${CA_BUNDLE}' }),
      metadata: { name: 'a', annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
    },
    message: /it contains a placeholder that was not replaced: "\$\{CA_BUNDLE\}"$/,
    fix: /envsubst/
  },
  {
    why: 'a stand-in that the controller of the webhook may replace',
    object: configurationWith('\n', { name: 'a.b.c' }),
    message: /no PEM block/,
    severity: 'info'
  },
  { why: 'a stand-in in the webhook of EKS', object: configurationWith('\n'), message: /no PEM block/ },
  {
    why: 'invalid base64',
    object: configurationWith(good, {}, { caBundle: '%%%' }),
    message: /it is not base64/
  },
  {
    why: 'an unchanged bad bundle',
    object: configurationWith(indented),
    old: configurationWith(indented),
    message: /indented/,
    severity: 'warning'
  },
  {
    why: 'bad in a different way than before',
    object: configurationWith(indented),
    old: configurationWith('x'),
    message: /indented/
  },
  {
    why: 'the same bundle for a different server',
    object: configurationWith(indented),
    old: configurationWith(indented, {}, { url: 'https://127.0.0.1:1/' }),
    message: /indented/
  },
  {
    why: 'a webhook that did not exist before',
    object: configurationWith(indented),
    old: configurationWith(indented, { name: 'other' }),
    message: /indented/
  }
]
