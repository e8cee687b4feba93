import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseConfig } from '../src/config.js'

const ids = ['role-missing', 'role-arn-malformed']
const parse = (text: string): ReturnType<typeof parseConfig> => parseConfig(text, 'config.yaml', ids)

t.test('fills in every default', async (t) => {
  t.match(parse(''), {
    mode: 'enforce',
    ruleSettings: { severities: new Map(), exceptions: [], waiverLimits: { requireExpiry: false } },
    issuer: undefined,
    annotationPrefix: undefined,
    iam: { files: [], accounts: [], requestsPerSecond: 5 },
    eks: { clusterArn: undefined, requestsPerSecond: 3, endpoint: undefined },
    caBundle: { guard: [], enforce: [], injectors: {} },
    server: { port: 9443, healthPort: 8080, deadline: 2000 },
    tls: { certFile: '/etc/irsa-guard/tls/tls.crt', hosts: [] }
  })
})

t.test('reads what is given', async (t) => {
  t.match(parse('mode: warn\nrules: { role-missing: { severity: off } }\nserver: { deadline: 1500ms }\n'), {
    mode: 'warn',
    ruleSettings: { severities: new Map([['role-missing', 'off']]) },
    server: { deadline: 1500 }
  })
})

t.test('reads exceptions', async (t) => {
  const { ruleSettings } = parse(
    'exceptions: [{ rule: role-missing, object: ServiceAccount shop/cart-*, reason: vendored, until: 2027-01-31 }]'
  )
  t.match(ruleSettings.exceptions, [
    { rule: 'role-missing', kind: 'ServiceAccount', reason: 'vendored', until: '2027-01-31' }
  ])
})

t.test('reads the limits of waivers', async (t) => {
  const limitsOf = (waivers: string) => parse(`waivers: ${waivers}`).ruleSettings.waiverLimits
  t.match(limitsOf('{ requireExpiry: true }'), { requireExpiry: true, maxDays: undefined })
  t.match(limitsOf('{ maxDays: 90 }'), { requireExpiry: true, maxDays: 90 }, 'a maximum requires an end')
  t.match(limitsOf('{ namespaces: [] }'), { namespaces: [] }, 'an empty list is a limit')
  t.equal(limitsOf('{ rules: [role-missing] }').mayWaive('role-arn-malformed'), false)
})

t.test('names key, value and what is allowed, a line for each mistake', async (t) => {
  const table: readonly (readonly [string, string])[] = [
    ['mode: enforced', 'config.yaml: mode is "enforced"; expected one of enforce, warn, audit, off'],
    [
      'server: { prot: 1 }',
      'config.yaml: server.prot: unknown key (did you mean port?); expected one of port, healthPort, deadline'
    ],
    ['server: { port: 70000 }', 'config.yaml: server.port is 70000; expected a value that must be <= 65535'],
    [
      'server: { deadline: 3s }',
      'config.yaml: server.deadline is "3s"; expected at most 2500 ms, to fit into the webhook\'s timeout of 3 s'
    ],
    ['server: { deadline: 0s }', 'config.yaml: server.deadline is "0s"; expected at least 100 ms'],
    [
      'server: { deadline: soon }',
      'config.yaml: server.deadline is "soon"; expected a string such as 1500ms, 2s, 1h'
    ],
    [
      'iam: { accounts: [{ account: "1" }] }',
      'config.yaml: iam.accounts.0 is {"account":"1"}; expected an object with the key roleArn'
    ],
    [
      'rules: { role-mising: { severity: error } }',
      'config.yaml: rules.role-mising: there is no such rule (did you mean role-missing?)'
    ],
    ['rules: { x: { severity: error } }', 'config.yaml: rules.x: there is no such rule'],
    [
      'exceptions: [{ rule: role-mising, object: Namespace a, reason: b }]',
      'config.yaml: exceptions.0.rule is "role-mising": there is no such rule (did you mean role-missing?)'
    ],
    [
      'waivers: { rules: [role-missing], excludedRules: [role-mising] }',
      'config.yaml: waivers.excludedRules.0 is "role-mising": there is no such rule (did you mean role-missing?)'
    ],
    ['waivers: { maxDays: 0 }', 'config.yaml: waivers.maxDays is 0; expected a value that must be >= 1'],
    [
      'waivers: { maxdays: 1 }',
      'config.yaml: waivers.maxdays: unknown key (did you mean maxDays?); expected one of rules, excludedRules, namespaces, requireExpiry, maxDays'
    ],
    [
      'exceptions: [{ rule: role-missing, object: shop/cart, reason: b }]',
      'config.yaml: exceptions.0.object is "shop/cart"; expected a string such as ServiceAccount kube-system/ebs-csi-*, Namespace batch'
    ],
    [
      'exceptions: [{ rule: role-missing, object: Namespace a, reason: " " }]',
      'config.yaml: exceptions.0.reason is " "; expected a string such as the vendor\'s chart sets it'
    ],
    [
      'exceptions: [{ rule: role-missing, object: Namespace a, reason: b, until: 2027-02-30 }]',
      'config.yaml: exceptions.0.until is "2027-02-30"; expected a valid date such as 2027-01-31'
    ],
    [
      'exceptions: [{ rule: role-missing, object: Namespace a, reason: b, until: soon }]',
      'config.yaml: exceptions.0.until is "soon"; expected a string such as 2027-01-31'
    ],
    [
      'exceptions: [{ rule: role-missing, object: Namespace a }]',
      'config.yaml: exceptions.0 is {"rule":"role-missing","object":"Namespace a"}; expected an object with the key reason'
    ],
    [
      'annotationPrefix: eks.amazonaws.com/',
      'config.yaml: annotationPrefix is "eks.amazonaws.com/"; expected a string such as eks.amazonaws.com'
    ],
    [
      'scan: { changeQueue: irsa-guard-changes }',
      'config.yaml: scan.changeQueue is "irsa-guard-changes"; expected a string such as https://sqs.us-east-1.amazonaws.com/111122223333/irsa-guard-changes'
    ],
    [
      'scan: { changeQueue: "https://a:b" }',
      'config.yaml: scan.changeQueue is "https://a:b"; expected the URL of an SQS queue'
    ],
    [
      'eks: { clusterArn: prod }',
      'config.yaml: eks.clusterArn is "prod"; expected a string such as arn:aws:eks:eu-west-1:111122223333:cluster/prod'
    ],
    [
      'eks: { clusterArn: "arn:aws--:eks:a:111122223333:cluster/prod" }',
      'config.yaml: eks.clusterArn is "arn:aws--:eks:a:111122223333:cluster/prod"; expected the ARN of an EKS cluster'
    ],
    [
      'tls: { hosts: ["a b"] }',
      'config.yaml: tls.hosts.0 is "a b"; expected a string such as guard.example.com, 10.0.0.7'
    ],
    [
      'server: { port: 8080 }',
      'config.yaml: server.port and server.healthPort are both 8080; expected two different ports'
    ],
    [
      'iam: { accounts: [{ account: "111122223333", roleArn: "arn:aws:iam::444455556666:role/r" }] }',
      'config.yaml: iam.accounts: roleArn is "arn:aws:iam::444455556666:role/r"; expected a role in account 111122223333, because it must read that account\'s roles'
    ],
    [
      `iam: { accounts: [${'{ account: "111122223333", roleArn: "arn:aws:iam::111122223333:role/r" },'.repeat(3)}] }`,
      'config.yaml: iam.accounts: account 111122223333 is listed more than once; expected one role for each account'
    ],
    [
      `"${'x'.repeat(5000)}"`,
      `config.yaml: the configuration is "${'x'.repeat(199)}…; expected a value of type object`
    ],
    ['- a', 'config.yaml: the configuration is ["a"]; expected a value of type object'],
    ['exempt: { users: [""] }', 'config.yaml: exempt.users.0 is ""; expected a non-empty string']
  ]
  for (const [text, message] of table) {
    t.throws(() => parse(text), { code: 'ERR_CONFIG' }, text)
    try {
      parse(text)
    } catch (error) {
      t.equal(String(error instanceof Error ? error.message : error).split('\n')[0], message)
    }
  }
  t.throws(() => parse('mode: *nothing'), {
    code: 'ERR_CONFIG',
    message: /^config.yaml: Unresolved alias .*: nothing$/
  })
  t.throws(() => parse('mode: warn\n---\nmode: off'), {
    code: 'ERR_CONFIG',
    message: 'config.yaml contains several YAML documents; expected one'
  })
  t.throws(() => parse('mode: [\n'), { code: 'ERR_CONFIG', message: /^config.yaml:\d+: / })
  t.throws(() => parse('mode: x\nissuer: oidc.example'), {
    message: /mode is "x".*\n.*issuer is "oidc.example"; expected a string such as https:/
  })
})

t.test('reads the configuration in its ConfigMap', async (t) => {
  const map = (data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: irsa-guard-config }\n${data}`
  t.match(parseConfig(map('data:\n  config.yaml: |\n    mode: warn\n'), 'config.yaml', []), { mode: 'warn' })
  t.throws(() => parseConfig(map('data:\n  config.yaml: "mode: warm"\n'), 'map.yaml', []), {
    message: 'map.yaml: config.yaml: mode is "warm"; expected one of enforce, warn, audit, off'
  })
  t.throws(() => parseConfig(map('data: {}\n'), 'map.yaml', []), {
    message: 'map.yaml is a ConfigMap without the key config.yaml'
  })
  t.match(parseConfig(readFileSync('manifests/config.yaml', 'utf8'), 'config.yaml', []), { mode: 'warn' })
})
