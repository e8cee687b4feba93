import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const versions = (...admissionReviewVersions: string[]): object =>
  configurationOf([eksWebhook({ admissionReviewVersions })])

export const cases: readonly Case[] = [
  { why: 'as EKS registers it', object: versions('v1beta1') },
  { why: 'the API server sends the first known version', object: versions('v1beta1', 'v1') },
  { why: 'versions that the API server does not know are skipped', object: versions('v2', 'v1beta1', 'v1') },
  { why: 'no known version: the API server itself rejects the object', object: versions('v2') },
  {
    why: 'only v1',
    object: versions('v1'),
    field: 'webhooks[0].admissionReviewVersions',
    message:
      /^the API server sends reviews of version v1 to webhook iam-for-pods\.amazonaws\.com, but identity webhook releases before August 2026 answer only v1beta1; with those, every call fails/,
    fix: /\[v1beta1\]/
  },
  { why: 'v1 first', object: versions('v2', 'v1', 'v1beta1'), message: /version v1/ },
  {
    why: 'a self-managed identity webhook may be newer',
    object: configurationOf([selfManagedWebhook({ admissionReviewVersions: ['v1'] })])
  },
  {
    why: 'self-managed, next to the API server',
    object: configurationOf([
      eksWebhook({ name: 'pod-identity-webhook.amazonaws.com', admissionReviewVersions: ['v1'] })
    ])
  }
]
