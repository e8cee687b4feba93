import type { Case } from '../support/rule-case.js'
import { configurationOf, eksWebhook, selfManagedWebhook } from '../support/webhooks.js'

const eks = configurationOf([eksWebhook()])
const other = { name: 'a.b.c', clientConfig: { url: 'https://a.example/' } }

export const cases: readonly Case[] = [
  { why: 'created', object: eks },
  { why: 'still there', object: configurationOf([other, eksWebhook({ timeoutSeconds: 5 })]), old: eks },
  { why: 'another webhook removed', object: eks, old: configurationOf([other, eksWebhook()]) },
  {
    why: 'removed',
    object: configurationOf([other]),
    old: eks,
    field: 'webhooks',
    message:
      /^this update removes identity webhook iam-for-pods\.amazonaws\.com \(https:\/\/127\.0\.0\.1:23443\/mutate\); new pods will run without their role$/,
    fix: /restore the webhook/
  },
  {
    why: 'renamed',
    object: configurationOf([eksWebhook({ name: 'iam.example.com' })]),
    old: eks,
    field: 'webhooks[0].name',
    message:
      /^this update renames identity webhook iam-for-pods\.amazonaws\.com to iam\.example\.com, a name that irsa-guard does not recognize or guard$/
  },
  {
    why: 'renamed to another name of an identity webhook',
    object: configurationOf([eksWebhook({ name: 'pod-identity-webhook.amazonaws.com' })]),
    old: eks
  },
  {
    why: 'renamed to a name that was there before',
    object: configurationOf([eksWebhook({ name: 'iam.example.com' })]),
    old: configurationOf([eksWebhook(), eksWebhook({ name: 'iam.example.com' })]),
    field: 'webhooks[0].name',
    message: /^this update renames identity webhook iam-for-pods\.amazonaws\.com to iam\.example\.com, /
  },
  {
    why: 'moved to a different URL',
    object: configurationOf([other, eksWebhook({ clientConfig: { url: 'https://evil.example/mutate' } })]),
    old: eks,
    field: 'webhooks[1].clientConfig',
    message:
      /^this update moves webhook iam-for-pods\.amazonaws\.com from https:\/\/127\.0\.0\.1:23443\/mutate to https:\/\/evil\.example\/mutate;/
  },
  {
    why: 'moved to a different Service',
    object: configurationOf([
      selfManagedWebhook({ clientConfig: { service: { namespace: 'default', name: 'new' } } })
    ]),
    old: configurationOf([selfManagedWebhook()]),
    message: /from service default\/pod-identity-webhook:443\/mutate to service default\/new:443;/
  },
  {
    why: 'no address at all',
    object: configurationOf([selfManagedWebhook({ clientConfig: undefined })]),
    old: configurationOf([selfManagedWebhook()]),
    message: /to no address;/
  }
]
