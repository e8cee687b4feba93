import { clusterCa, configurationWith } from '../support/bundle-cases.js'
import { pem } from '../support/certificates.js'
import type { Case } from '../support/rule-case.js'

const good = pem(clusterCa.der)
const indented = good.replace(/^/gm, '  ')

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
      /^the API server cannot read any certificate in the caBundle of webhook iam-for-pods\.amazonaws\.com: lines are indented, but PEM lines must start at the beginning of the line \(line 1\)$/,
    fix: /remove the spaces/
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
