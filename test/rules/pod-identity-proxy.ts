import { known } from '../../src/model/fact.js'
import {
  accountFacts,
  agentContainer,
  agentVolume,
  associatedFacts,
  deploymentOf,
  fileEnv,
  podOf,
  roleEnv
} from '../support/pods.js'
import type { Case } from '../support/rule-case.js'

const facts = associatedFacts()
const proxy = { name: 'HTTP_PROXY', value: 'http://proxy.example:3128' }
const withEnv = (env: readonly object[], more: object = {}): object =>
  deploymentOf({ containers: [{ name: 'app', env, ...more }] })
const exempting = (value: string, name = 'NO_PROXY'): object => withEnv([proxy, { name, value }])

// Both addresses belong into NO_PROXY: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
export const cases: readonly Case[] = [
  { why: 'no proxy', object: withEnv([{ name: 'NO_PROXY', value: '' }]), facts },
  { why: 'an empty proxy', object: withEnv([{ name: 'http_proxy', value: '' }]), facts },
  {
    why: 'IRSA calls STS, which a proxy can reach',
    object: withEnv([proxy]),
    facts: { ...accountFacts(), associated: known({ exists: false }) }
  },
  { why: 'both addresses', object: exempting('169.254.170.23,[fd00:ec2::23]'), facts },
  {
    why: 'the address of IPv4 clusters alone',
    object: exempting('localhost, 169.254.170.23', 'no_proxy'),
    facts
  },
  { why: 'its network', object: exempting('169.254.0.0/16'), facts },
  { why: 'everything', object: exempting('*'), facts },
  {
    why: 'known only at run time',
    object: withEnv([proxy, { name: 'NO_PROXY', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } }]),
    facts
  },
  {
    why: 'perhaps in a ConfigMap',
    object: withEnv([proxy], { envFrom: [{ configMapRef: { name: 'proxy' } }] }),
    facts
  },
  { why: 'the template brings role and token', object: withEnv([proxy, roleEnv, fileEnv]), facts },
  {
    why: 'an agent with a name',
    object: withEnv([proxy]),
    facts: associatedFacts(
      {},
      {
        settings: {
          containerCredentials: {
            uri: 'http://localhost/v1',
            volume: 'a',
            audience: 'b',
            mountPath: '/c',
            file: 'd'
          }
        }
      }
    )
  },
  {
    why: 'no NO_PROXY',
    object: withEnv([proxy]),
    facts,
    field: 'spec.template.spec.containers[0].env[0]',
    message: /^container app sets HTTP_PROXY, but no NO_PROXY, so AWS SDKs ask the proxy for credentials/,
    fix: /169\.254\.170\.23 and \[fd00:ec2::23\]/
  },
  {
    why: 'NO_PROXY without the agent',
    stage: 'source',
    object: withEnv([
      { name: 'https_proxy', valueFrom: {} },
      { name: 'no_proxy', value: '.svc,10.0.0.0/8' }
    ]),
    facts,
    field: 'spec.template.spec.containers[0].env[1]',
    message: /sets https_proxy, but its no_proxy does not contain 169\.254\.170\.23/
  },
  {
    why: 'a pod of an IPv6 cluster',
    object: podOf({
      containers: [
        {
          ...agentContainer('app', 'http://[fd00:ec2::23]/v1/credentials'),
          env: [
            ...agentContainer('app', 'http://[fd00:ec2::23]/v1/credentials').env,
            proxy,
            { name: 'NO_PROXY', value: '169.254.170.23' }
          ]
        }
      ],
      volumes: [agentVolume]
    }),
    facts,
    message: /does not contain \[fd00:ec2::23\]/
  },
  {
    why: 'one of two containers',
    object: deploymentOf({
      containers: [
        { name: 'app', env: [proxy] },
        { name: 'proxy', env: [proxy, { name: 'NO_PROXY', value: '*' }] }
      ]
    }),
    facts,
    message: /^container app/
  }
]
