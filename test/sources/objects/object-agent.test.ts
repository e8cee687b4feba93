import t from 'tap'
import { podIdentityAgentAmong } from '../../../src/sources/objects/object-agent.js'

const node = (labels: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a', labels }
})
const daemonSet = (name: string, { namespace = 'kube-system', image = 'a' } = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name, namespace },
  spec: { template: { spec: { containers: [{ name: 'a', image }] } } }
})
const computeType = (value: string): object => node({ 'eks.amazonaws.com/compute-type': value })
const proxy = daemonSet('kube-proxy')

t.test('only a dump tells whether the agent runs', async (t) => {
  t.equal(podIdentityAgentAmong([null, node(), 7]), undefined, 'no DaemonSets')
  t.equal(podIdentityAgentAmong([proxy]), undefined, 'no nodes')
  t.equal(
    podIdentityAgentAmong([node(), daemonSet('a', { namespace: 'shop' })]),
    undefined,
    'not those of kube-system'
  )
  t.equal(podIdentityAgentAmong([node(), proxy]), false)
})

t.test('the agent may have another name', async (t) => {
  for (const agent of [
    daemonSet('eks-pod-identity-agent'),
    daemonSet('eks-pod-identity-agent-hybrid'),
    daemonSet('agent', {
      namespace: 'aws',
      image: '602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/eks-pod-identity-agent:0.1.37'
    })
  ])
    t.equal(podIdentityAgentAmong([node(), proxy, agent]), true)
})

// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
t.test('some nodes need no DaemonSet', async (t) => {
  t.equal(podIdentityAgentAmong([computeType('auto'), computeType('fargate'), proxy]), true)
  t.equal(podIdentityAgentAmong([computeType('auto'), node({ 'kubernetes.io/os': 'windows' }), proxy]), true)
  t.equal(podIdentityAgentAmong([computeType('auto'), node(), proxy]), false, 'one does')
  t.equal(podIdentityAgentAmong([computeType('hybrid'), proxy]), false)
})
