import { known, moot } from '../../src/model/fact.js'
import { accountOf } from '../support/accounts.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()
const association = known({
  clusterName: 'prod',
  namespace: 'shop',
  serviceAccount: 'cart',
  roleArn: 'arn:aws:iam::111122223333:role/cart',
  targetRoleArn: 'arn:aws:iam::444455556666:role/data',
  disableSessionTags: false
})
const exists = known({ exists: true, arn: 'arn:aws:iam::111122223333:role/cart' } as const)
const targetExists = known({ exists: true, arn: 'arn:aws:iam::444455556666:role/data' } as const)
const missing = known({ exists: false } as const)

export const cases: readonly Case[] = [
  {
    why: 'both roles exist',
    object,
    facts: { association, podIdentityRole: exists, targetRole: targetExists }
  },
  {
    why: 'no association',
    object,
    facts: { association: moot('none'), podIdentityRole: moot('none'), targetRole: moot('none') }
  },
  {
    why: 'the role was deleted',
    object,
    facts: { association, podIdentityRole: missing, targetRole: moot('no target role') },
    message: /^role arn:aws:iam::111122223333:role\/cart of the EKS Pod Identity association does not exist/,
    severity: 'warning'
  },
  {
    why: 'the roles have other paths',
    object,
    facts: {
      association,
      podIdentityRole: known({ exists: true, arn: 'arn:aws:iam::111122223333:role/team/cart' }),
      targetRole: known({ exists: true, arn: 'arn:aws:iam::444455556666:role/team/data' })
    },
    message:
      /^(?:target )?role .*role\/(?:cart|data) of .* does not exist; the role with this name is .*role\/team\/(?:cart|data)$/,
    fix: /^set the association's (?:target )?role to arn:aws:iam::\d+:role\/team\/(?:cart|data)$/,
    severity: 'warning',
    count: 2
  },
  {
    why: 'the target role was deleted',
    object: {
      apiVersion: 'eks.services.k8s.aws/v1alpha1',
      kind: 'PodIdentityAssociation',
      metadata: { name: 'cart' },
      spec: {
        clusterName: 'prod',
        namespace: 'shop',
        serviceAccount: 'cart',
        roleARN: 'arn:aws:iam::111122223333:role/cart',
        targetRoleARN: 'arn:aws:iam::444455556666:role/data'
      }
    },
    stage: 'source',
    facts: { association, podIdentityRole: exists, targetRole: missing },
    field: 'spec.targetRoleARN',
    message:
      /^target role arn:aws:iam::444455556666:role\/data of the EKS Pod Identity association does not exist/,
    severity: 'error'
  },
  {
    why: 'the ARN of a policy',
    object,
    facts: {
      association: known({ ...association.value, roleArn: 'arn:aws:iam::111122223333:policy/cart' }),
      podIdentityRole: missing,
      targetRole: moot('no target role')
    },
    message:
      /^the role of the EKS Pod Identity association is "arn:aws:iam::111122223333:policy\/cart", which is not the ARN of a role, so EKS refuses the association$/,
    fix: /^write the ARN of a role/,
    severity: 'warning'
  },
  {
    why: 'a target role without its account',
    object,
    facts: {
      association: known({ ...association.value, targetRoleArn: 'data' }),
      podIdentityRole: exists,
      targetRole: missing
    },
    message: /^the target role of the EKS Pod Identity association is "data"/,
    severity: 'warning'
  }
]
