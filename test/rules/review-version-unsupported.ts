import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const versions = (...admissionReviewVersions: string[]): object =>
  configurationOf([eksWebhook({ admissionReviewVersions })])

export const cases: readonly Case[] = [
  { why: 'as EKS registers it', object: versions('v1beta1') },
  { why: 'the first known version is sent', object: versions('v1beta1', 'v1') },
  { why: 'versions that the API server does not know are skipped', object: versions('v2', 'v1beta1', 'v1') },
  { why: 'none that it knows: the API server refuses the object itself', object: versions('v2') },
  {
    why: 'v1 alone',
    object: versions('v1'),
    field: 'webhooks[0].admissionReviewVersions',
    message:
      /^the API server sends reviews of version v1 to webhook iam-for-pods\.amazonaws\.com, but identity webhook releases before August 2026 answer only v1beta1; with those, every call fails/,
    fix: /\[v1beta1\]/
  },
  { why: 'v1 first', object: versions('v2', 'v1', 'v1beta1'), message: /version v1/ },
  {
    why: 'a self-managed one may be newer',
    object: configurationOf([selfManagedWebhook({ admissionReviewVersions: ['v1'] })])
  },
  {
    why: 'self-managed beside the API server',
    object: configurationOf([
      eksWebhook({ name: 'pod-identity-webhook.amazonaws.com', admissionReviewVersions: ['v1'] })
    ])
  }
]
