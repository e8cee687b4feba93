import t from 'tap'
import { annotationNamesUnder } from '../../src/identity-webhook/annotation-names.js'
import { parseGoBool, parseIdentityWebhookCommand } from '../../src/identity-webhook/command-line.js'
import { defaultIdentityWebhook, type IdentityWebhookSettings } from '../../src/identity-webhook/settings.js'

const settingsOf = (...args: readonly unknown[]): IdentityWebhookSettings => {
  const command = parseIdentityWebhookCommand(args)
  if (command.state !== 'known') throw new Error(command.because)

  return command.value.settings
}

t.test('reads the command line', async (t) => {
  t.strictSame(
    settingsOf(),
    { ...defaultIdentityWebhook, isAudienceKnown: true, source: 'read' },
    'nothing set'
  )
  t.match(
    settingsOf(
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
      '--container-credentials-full-uri=http://localhost/agent',
      '--container-credentials-token-volume-name=agent-token',
      '-v',
      '5'
    ),
    {
      annotationNames: annotationNamesUnder('aws.example'),
      defaultAudience: 'amazonaws.com',
      mountPath: '/tokens',
      tokenExpiration: 3600,
      composeRoleArn: true,
      region: 'eu-west-1',
      regionalSts: true,
      containerCredentials: { uri: 'http://localhost/agent', volume: 'agent-token' }
    }
  )
  t.match(
    settingsOf(
      '--compose-role-arn=false',
      '--sts-regional-endpoint=maybe',
      '--token-expiration=x',
      '--aws-default-region='
    ),
    { composeRoleArn: false, regionalSts: false, tokenExpiration: 86_400, region: undefined },
    'it would not start with these values'
  )
  t.equal(settingsOf('--token-expiration=60').tokenExpiration, 600, 'raised')
  t.equal(settingsOf('--token-audience=a', '--token-audience=b').defaultAudience, 'b', 'the last one wins')
  for (const flag of [
    '--enable-debugging-handlers',
    '--alsologtostderr',
    '--skip_headers',
    '--legacy_stderr_threshold_behavior'
  ])
    t.equal(settingsOf(flag, '--token-audience=a').defaultAudience, 'a', `${flag} takes no value`)
  for (const flag of ['--alsologtostderrthreshold', '--container-credentials-audience', '--log_dir'])
    t.equal(settingsOf(flag, '1', '--token-audience=a').defaultAudience, 'a', `${flag} takes a value`)
  t.equal(
    settingsOf('--', '--token-audience=a').defaultAudience,
    'sts.amazonaws.com',
    'after the end of flags'
  )
  t.equal(settingsOf(null, 7, '--compose-role-arn', '--token-audience').composeRoleArn, true, 'malformed')
  t.equal(settingsOf('--token-audience=a=b').defaultAudience, 'a=b', 'an equals sign in the value')
})

t.test('does not guess at a command line that can be read in two ways', async (t) => {
  const reading = (...args: readonly unknown[]): unknown => parseIdentityWebhookCommand(args)
  t.strictSame(
    reading('--new-flag', '--token-audience=a'),
    { state: 'unknown', because: 'irsa-guard does not know the identity webhook\'s flag "--new-flag"' },
    'it may swallow the next flag'
  )
  for (const args of [
    ['--new-flag=1', '--token-audience=a'],
    ['--new-flag', '1', '--token-audience=a'],
    ['--token-audience=a', '--new-flag']
  ])
    t.equal(settingsOf(...args).defaultAudience, 'a', args.join(' '))
  t.match(reading('sh', '-c', 'exec /webhook --token-audience=a'), {
    state: 'unknown',
    because: 'the identity webhook is started by a script, "exec /webhook --token-audience=a"'
  })
  t.match(reading('--token-audience=$(AUDIENCE)'), {
    state: 'unknown',
    because: "the identity webhook's flag --token-audience is set from an environment variable"
  })
  t.match(reading('--annotation-prefix', '$(PREFIX)'), { state: 'unknown' })
  t.equal(
    settingsOf('--port=$(PORT)', '--token-audience=a').defaultAudience,
    'a',
    'a flag that decides nothing'
  )
})

t.test('tells whether and where a ConfigMap counts', async (t) => {
  const namespaceOf = (...args: readonly unknown[]): unknown => {
    const command = parseIdentityWebhookCommand(args)
    return command.state === 'known' ? command.value.configMapNamespace : command
  }
  t.equal(namespaceOf('--watch-config-map', '--namespace', 'kube-system'), 'kube-system')
  t.equal(namespaceOf('--watch-config-map=true'), 'eks', 'the default')
  t.equal(namespaceOf('--watch-config-map=false', null), undefined)
  t.equal(namespaceOf('--namespace=kube-system'), undefined)
})

t.test('reads booleans as Go does', async (t) => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) t.equal(parseGoBool(text), true, text)
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) t.equal(parseGoBool(text), false, text)
  for (const text of ['', 'yes', 'tRUE', ' true', 'true\n'])
    t.equal(parseGoBool(text), undefined, JSON.stringify(text))
})
