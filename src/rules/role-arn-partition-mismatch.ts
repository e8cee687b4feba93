import { parseRoleArn } from '../model/role-arn.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const roleArnPartitionMismatch = defineRule({
  id: 'role-arn-partition-mismatch',
  summary: 'The role is in a different AWS partition (`aws`, `aws-cn`, `aws-us-gov`, …) than the cluster.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['clusterPartition', 'identityWebhook', 'chain'],
  check(account, { clusterPartition, identityWebhook: { annotationNames }, chain: { chain } }) {
    if (chain === 'pod-identity') return // the identity webhook ignores the annotation

    const value = account.annotations[annotationNames['role-arn']]
    const arn = typeof value === 'string' ? parseRoleArn(value) : undefined
    if (arn === undefined || arn.partition === clusterPartition) return

    return {
      field: annotationField(annotationNames['role-arn']),
      message: `role ${arn.text} is in partition ${arn.partition}, but the cluster is in ${clusterPartition}`,
      fix: `use a role in partition ${clusterPartition}, whose ARN starts with arn:${clusterPartition}:iam::`
    }
  }
})
