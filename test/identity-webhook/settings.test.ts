import t from 'tap'
import { annotationNamesUnder } from '../../src/identity-webhook/annotation-names.js'
import {
  configMapNamespaceOf,
  defaultIdentityWebhook,
  parseGoBool,
  parseIdentityWebhookArguments,
  parseIdentityWebhookConfigMap
} from '../../src/identity-webhook/settings.js'

t.test('reads the command line', async (t) => {
  t.strictSame(
    parseIdentityWebhookArguments([]),
    { ...defaultIdentityWebhook, isAudienceKnown: true, source: 'read' },
    'nothing set'
  )
  t.match(
    parseIdentityWebhookArguments([
      '/webhook',
      '--in-cluster',
      '--namespace=default',
      '--annotation-prefix=aws.example',
      '--token-audience',
      'amazonaws.com',
      '--token-mount-path=/tokens',
      '--token-expiration=3600',
      '--compose-role-arn',
      '--aws-default-region=eu-west-1',
      '--sts-regional-endpoint=true',
      '--v=5'
    ]),
    {
      annotationNames: annotationNamesUnder('aws.example'),
      defaultAudience: 'amazonaws.com',
      mountPath: '/tokens',
      tokenExpiration: 3600,
      composeRoleArn: true,
      region: 'eu-west-1',
      regionalSts: true
    }
  )
  t.match(
    parseIdentityWebhookArguments([
      '--compose-role-arn=false',
      '--sts-regional-endpoint=maybe',
      '--token-expiration=x',
      '--aws-default-region='
    ]),
    { composeRoleArn: false, regionalSts: false, tokenExpiration: 86_400, region: undefined },
    'what it would not start with is the default'
  )
  t.equal(parseIdentityWebhookArguments(['--token-expiration=60']).tokenExpiration, 600, 'raised')
  t.equal(
    parseIdentityWebhookArguments(['--token-audience=a', '--token-audience=b']).defaultAudience,
    'b',
    'the last one wins'
  )
  for (const flag of ['--enable-debugging-handlers', '--alsologtostderr', '--skip_headers']) {
    t.equal(
      parseIdentityWebhookArguments([flag, '--token-audience=a']).defaultAudience,
      'a',
      `${flag} takes no value`
    )
  }
  t.equal(
    parseIdentityWebhookArguments(['--', '--token-audience=a']).defaultAudience,
    'sts.amazonaws.com',
    'after the end of flags'
  )
  t.equal(
    parseIdentityWebhookArguments([null, 7, '--compose-role-arn', '--token-audience']).composeRoleArn,
    true,
    'ill-shaped'
  )
  t.equal(
    parseIdentityWebhookArguments(['--token-audience=a=b']).defaultAudience,
    'a=b',
    'an equals sign in the value'
  )
})

t.test('tells whether and where a ConfigMap counts', async (t) => {
  t.equal(configMapNamespaceOf(['--watch-config-map', '--namespace', 'kube-system']), 'kube-system')
  t.equal(configMapNamespaceOf(['--watch-config-map=true']), 'eks', 'the default')
  t.equal(configMapNamespaceOf(['--watch-config-map=false', null]), undefined)
  t.equal(configMapNamespaceOf(['--namespace=kube-system']), undefined)
})

t.test('reads the ConfigMap', async (t) => {
  const config = {
    'shop/cart': {
      RoleARN: 'arn:aws:iam::111122223333:role/cart',
      Audience: 'amazonaws.com',
      UseRegionalSTS: true,
      TokenExpiration: 0
    },
    '*/search': { rolearn: 'arn:aws:iam::111122223333:role/search' },
    'shop/none': {},
    'shop/null': null
  }
  t.strictSame(
    [...(parseIdentityWebhookConfigMap({ data: { config: JSON.stringify(config) } }) ?? [])],
    [
      ['shop/cart', { role: 'arn:aws:iam::111122223333:role/cart', audience: 'amazonaws.com' }],
      ['*/search', { role: 'arn:aws:iam::111122223333:role/search', audience: undefined }]
    ]
  )
  for (const none of [
    undefined,
    null,
    {},
    { data: {} },
    { data: { config: '{' } },
    { data: { config: '[]' } }
  ]) {
    t.equal(parseIdentityWebhookConfigMap(none), undefined, JSON.stringify(none))
  }
})

t.test('reads booleans as Go does', async (t) => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) t.equal(parseGoBool(text), true, text)
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) t.equal(parseGoBool(text), false, text)
  for (const text of ['', 'yes', 'tRUE', ' true', 'true\n'])
    t.equal(parseGoBool(text), undefined, JSON.stringify(text))
})
