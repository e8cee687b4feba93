import { accountOf, identityWebhook } from '../support/accounts.js'
import { deploymentOf, podOf } from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const facts = { identityWebhook }
const account = (name: string, value: unknown): object => accountOf({ [`eks.amazonaws.com/${name}`]: value })
const two = { containers: [{ name: 'a' }, { name: 'b' }] }
const pod = (name: string, value: unknown): object =>
  podOf(two, { annotations: { [`eks.amazonaws.com/${name}`]: value } })

export const cases: readonly Case[] = [
  { why: 'audience', object: account('audience', 'sts.amazonaws.com'), facts },
  { why: 'empty audience', object: account('audience', ''), facts, message: /audience is empty/ },
  {
    why: 'a number instead of an audience',
    object: account('audience', 7),
    facts,
    message: /is a number; expected a string/
  },
  { why: 'an array', object: account('audience', []), facts, message: /is an array; expected/ },
  ...['600', '86400', '+3600'].map((value) => ({
    why: `expiration ${value}`,
    object: account('token-expiration', value),
    facts
  })),
  { why: 'too short', object: account('token-expiration', '599'), facts, message: /raises to 600 seconds/ },
  { why: 'negative', object: account('token-expiration', '-1'), facts, message: /raises to 600 seconds/ },
  { why: 'too long', object: account('token-expiration', '86401'), facts, message: /more than the 24 hours/ },
  ...['1h', '', ' 3600', '3_600', '36e2'].map((value) => ({
    why: `expiration "${value}"`,
    object: account('token-expiration', value),
    facts,
    message: /not a 64-bit integer, so it is ignored/
  })),
  ...['4294967297', '+9223372036854775807', '0009999999999'].map((value) => ({
    why: `expiration ${value}, which the API server refuses`,
    object: account('token-expiration', value),
    facts,
    message: /more than 4294967296 seconds, so the API server rejects every pod/
  })),
  {
    why: 'the longest expiration that the API server accepts',
    object: account('token-expiration', '4294967296'),
    facts,
    message: /more than the 24 hours/
  },
  ...['9223372036854775808', '-9223372036854775809', '1'.repeat(1000)].map((value) => ({
    why: `expiration of ${value.length} digits, beyond what Go parses`,
    object: account('token-expiration', value),
    facts,
    message: /not a 64-bit integer, so it is ignored/
  })),
  {
    why: 'the smallest number that Go parses',
    object: account('token-expiration', '-9223372036854775808'),
    facts,
    message: /raises to 600/
  },
  ...['true', 'T', '0', 'False'].map((value) => ({
    why: `regional ${value}`,
    object: account('sts-regional-endpoints', value),
    facts
  })),
  ...['yes', 'tRUE', 'regional', ''].map((value) => ({
    why: `regional "${value}"`,
    object: account('sts-regional-endpoints', value),
    facts,
    message: /which is not a Boolean, so it is ignored/
  })),
  {
    why: 'two problems at once',
    object: accountOf({ 'eks.amazonaws.com/audience': '', 'eks.amazonaws.com/token-expiration': '5' }),
    facts,
    count: 2,
    message: /audience/
  },
  { why: 'only a pod skips containers', object: account('skip-containers', 'x'), facts },
  { why: 'other domains', object: accountOf({ 'example.com/audience': '' }), facts },
  { why: 'skips existing containers', object: pod('skip-containers', 'a,b'), facts },
  {
    why: 'a space',
    object: pod('skip-containers', 'a, b'),
    facts,
    field: 'metadata.annotations["eks.amazonaws.com/skip-containers"]',
    message:
      /contains " b", but the identity webhook treats a space as part of the name, so no container matches/,
    fix: /"a,b"/
  },
  {
    why: 'an unknown name',
    object: pod('skip-containers', 'a,c'),
    facts,
    message: /contains "c", but the pod has no such container/
  },
  {
    why: 'one name per line',
    object: pod('skip-containers', 'a\nb\n'),
    facts,
    message: /has several lines, of which the identity webhook reads only the first, so "b" is not skipped/,
    fix: /"a,b"/
  },
  { why: 'a line break at the end', object: pod('skip-containers', 'a,b\n'), facts },
  { why: 'a carriage return at the end', object: pod('skip-containers', 'a,b\r'), facts },
  {
    why: 'a typo in a template',
    object: deploymentOf(
      { containers: [{ name: 'proxy' }] },
      { annotations: { 'eks.amazonaws.com/skip-containers': 'porxy' } }
    ),
    facts,
    message: /"porxy"/
  },
  {
    why: 'a container that a webhook may inject into the pods of the template',
    object: deploymentOf(two, { annotations: { 'eks.amazonaws.com/skip-containers': 'vault-agent' } }),
    facts,
    severity: 'info',
    message: /"vault-agent"/
  },
  { why: 'cannot be parsed', object: pod('skip-containers', 'a"b'), facts, message: /cannot be parsed/ },
  { why: 'empty', object: pod('skip-containers', ''), facts, message: /cannot be parsed/ },
  {
    why: 'token expiration on a pod',
    object: pod('token-expiration', '60'),
    facts,
    message: /raises to 600/
  },
  { why: 'the audience annotation is not read from pods', object: pod('audience', ''), facts },
  {
    why: 'in a pod template',
    object: deploymentOf(two, { annotations: { 'eks.amazonaws.com/skip-containers': 'c' } }),
    facts,
    field: 'spec.template.metadata.annotations["eks.amazonaws.com/skip-containers"]',
    message: /"c"/
  }
]
