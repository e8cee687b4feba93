import { associationTexts } from '../migration/association-text.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { shellQuote } from '../text/shell.js'
import { createRole, judgeTrust } from './commands.js'
import type { Judged, Scene } from './scene.js'
import { newPodIdentityPolicy, podIdentityCorrection } from './trust-fix.js'

/**
 * How to recreate a deleted association with the annotated role. The commands correct the role's trust policy
 * first. They are left out unless EKS is known to accept the role afterwards: EKS refuses an association whose
 * role does not exist or does not trust EKS Pod Identity, and the pods get no credentials from a role with a
 * condition that does not hold.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export function newAssociationOf(scene: Scene): Pick<Judged, 'fix' | 'commands'> {
  const { account, request, clusterArn } = scene
  const { namespace, name } = account
  const role =
    request.state === 'known' && request.value !== undefined ? parseRoleArn(request.value.role) : undefined
  const creation = `create it again: aws eks create-pod-identity-association --cluster-name ${clusterArn?.name ?? 'CLUSTER'} --namespace ${namespace} --service-account ${name} --role-arn ROLE_ARN`
  if (role === undefined || clusterArn === undefined)
    return { fix: `${creation}, with a role that trusts EKS Pod Identity` }
  if (role.account !== clusterArn.account)
    return {
      fix: `${creation}, with a role in the cluster's account ${clusterArn.account} that trusts EKS Pod Identity; the annotated role is in account ${role.account}`
    }
  const trusting = trustFor(scene, role)
  const create = associationTexts.aws([
    { cluster: clusterArn, namespace, serviceAccount: name, roleArn: role.text }
  ])
  if (typeof trusting === 'string')
    return {
      fix: `${creation}, but first: ${trusting} (${judgeTrust(scene.tools, role, account, [`--cluster-arn ${shellQuote(clusterArn.text)}`])})`
    }

  return {
    fix:
      trusting.length === 0
        ? `create it again with the annotated role, which trusts EKS Pod Identity for this service account`
        : `make role ${role.name} trust EKS Pod Identity for this service account, then create the association again; IAM takes some seconds to show the change to EKS, so repeat the last command if EKS refuses the role`,
    commands: [...trusting, create]
  }
}

/**
 * The commands that make the role trust EKS Pod Identity. A string if there are none: what to do or check
 * first.
 */
function trustFor(scene: Scene, role: RoleArn): readonly string[] | string {
  const { account, facts } = scene
  const association = {
    namespace: account.namespace,
    serviceAccount: account.name,
    disableSessionTags: false
  }
  const found = facts.role
  if (found?.state !== 'known')
    return `check that role ${role.text} trusts EKS Pod Identity, which could not be determined (${found?.because ?? 'the role was not looked up'})`
  if (!found.value.exists) {
    const policy = newPodIdentityPolicy(scene, association)
    return policy === undefined || found.value.similar !== undefined
      ? `choose the role, because the annotated role ${role.text} does not exist${found.value.similar === undefined ? '' : `; there is ${found.value.similar}`}`
      : [createRole(role, policy)]
  }
  if (found.value.arn !== role.text)
    return `choose the role, because the annotated role ${role.text} does not exist; there is ${found.value.arn}`
  const judged = podIdentityCorrection(scene, role, association, found)
  if (judged?.verdict === 'allowed') return []
  if (judged !== undefined && judged.commands.length > 0) return judged.commands

  return judged?.verdict === 'depends'
    ? `check that role ${role.text} trusts EKS Pod Identity, which depends on conditions that are known only at run time`
    : `make role ${role.text} trust EKS Pod Identity for this service account`
}
