import { known, unknown } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const object = {
  apiVersion: 'eks.services.k8s.aws/v1alpha1',
  kind: 'PodIdentityAssociation',
  metadata: { name: 'cart', namespace: 'ack' },
  spec: {
    clusterName: 'prod',
    namespace: 'shop',
    serviceAccount: 'cart',
    roleARN: 'arn:aws:iam::111122223333:role/cart'
  }
}
const stage = 'source'

export const cases: readonly Case[] = [
  {
    why: 'the service account exists',
    object,
    stage,
    facts: { account: known({ exists: true, annotations: {} }) }
  },
  {
    why: 'a chart may create the service account',
    object,
    stage,
    facts: { account: unknown('service account shop/cart is not among the given objects') }
  },
  {
    why: 'there is none in the cluster',
    object,
    stage,
    facts: { account: known({ exists: false }) },
    field: 'spec.serviceAccount',
    message: /^service account shop\/cart of the EKS Pod Identity association does not exist in the cluster$/
  }
]
