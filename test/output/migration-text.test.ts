import t from 'tap'
import type { MigrationPlan } from '../../src/migration/migration-plan.js'
import { migrationFormats } from '../../src/output/migration-text.js'
import { plainStyle } from '../../src/output/style.js'

const command = 'kubectl annotate serviceaccount cart -n shop eks.amazonaws.com/role-arn-'
const plan: MigrationPlan = {
  cluster: 'arn:aws:eks:us-east-1:111122223333:cluster/prod',
  tool: 'aws',
  steps: [],
  notes: ['the AWS SDKs in the containers have to support EKS Pod Identity'],
  accounts: [
    {
      ...{ namespace: 'shop', name: 'cart', role: 'arn:aws:iam::111122223333:role/cart' },
      ...{ state: 'can-move', because: [], notes: ['EKS refuses a second association of this account'] },
      steps: [
        { step: 'annotation', message: 'remove the annotation, also in its chart', commands: [command] }
      ]
    },
    {
      ...{ namespace: 'shop', name: 'mail', role: '', state: 'cannot-move', steps: [], notes: [] },
      because: [
        {
          rule: 'role-missing',
          message: 'role mail does not exist',
          fix: 'create the role, or name one that exists'
        }
      ]
    }
  ]
}

t.test('a plan fits a narrow terminal, and its commands stay whole', async (t) => {
  t.equal(
    migrationFormats.text(plan, { ...plainStyle, width: 40 }),
    `2 service accounts in cluster prod: 1
  can move, 1 cannot move, 0 moved, 0
  unknown

✓ shop/cart: can move (role
  arn:aws:iam::111122223333:role/cart)
  1. remove the annotation, also in its
     chart
     ${command}
  note: EKS refuses a second association
    of this account

✗ shop/mail: cannot move
  role-missing: role mail does not exist
    fix: create the role, or name one
         that exists

Notes:
  - the AWS SDKs in the containers have
    to support EKS Pod Identity
`
  )
})
