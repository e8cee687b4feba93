import type { RoleLookup } from '../facts/facts.js'
import { audienceOf } from '../identity-webhook/settings.js'
import { evaluatePodIdentityTrust } from '../library/evaluate-pod-identity-trust.js'
import { evaluateTrust } from '../library/evaluate-trust.js'
import type { TrustVerdict } from '../library/trust-verdict.js'
import type { Association } from '../model/association.js'
import type { Fact } from '../model/fact.js'
import { parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { shellQuote } from '../text/shell.js'
import { providerArnOf } from '../trust-policy/provider.js'
import { correctTrust } from './commands.js'
import type { Scene } from './scene.js'

/** A trust policy, as it was read. */
interface Policy {
  readonly document: unknown
  readonly encoding?: 'json' | 'url'
}

/** The input for `evaluateTrust`, for this service account; undefined if a part of it is not known. */
function irsaQuestion(scene: Scene, role: RoleArn) {
  const { facts, account, settings, request } = scene
  const audience =
    request.state === 'known' && request.value !== undefined
      ? request.value.audience
      : audienceOf(account.annotations, settings)
  if (facts.issuer?.state !== 'known' || audience === undefined) return undefined

  return {
    roleAccount: role.account,
    partition: role.partition,
    issuer: facts.issuer.value,
    namespace: account.namespace,
    serviceAccount: account.name,
    audience,
    at: scene.at
  }
}

/** The command that corrects the policy for IRSA; none if no small edit would admit only this service account. */
export function irsaTrustCommands(scene: Scene, role: RoleArn): string[] {
  const policy = policyOf(scene.facts.role)
  const question = irsaQuestion(scene, role)
  if (policy === undefined || question === undefined) return []
  if (evaluateTrust({ ...question, ...policy }).suggested === undefined) return []
  const { issuer, audience } = question
  const audienceFlag = audience === 'sts.amazonaws.com' ? [] : [`--audience ${shellQuote(audience)}`]

  return [correctTrust(scene.tools, role, scene.account, [`--issuer ${shellQuote(issuer)}`, ...audienceFlag])]
}

/**
 * The trust policy of a new role, which admits only this service account; undefined if no such policy can be
 * written, or if a part of it is not known.
 */
export function newIrsaPolicy(scene: Scene, role: RoleArn): object | undefined {
  const question = irsaQuestion(scene, role)
  if (question === undefined) return undefined
  const host = question.issuer.replace('https://', '')
  const { namespace, serviceAccount, audience } = question
  const document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: providerArnOf(role.partition, role.account, host) },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${host}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
            [`${host}:aud`]: audience
          }
        }
      }
    ]
  }

  return admitsOnlyThis(evaluateTrust({ ...question, document })) ? document : undefined
}

/** The input for `evaluatePodIdentityTrust`, for an association; undefined if a part of it is not known. */
function podIdentityQuestion({ clusterArn, at }: Scene, association: AskedAssociation) {
  if (clusterArn === undefined) return undefined
  const { namespace, serviceAccount, disableSessionTags } = association

  return { clusterArn: clusterArn.text, namespace, serviceAccount, sessionTags: !disableSessionTags, at }
}

/** The parts of an association that decide whether a trust policy admits it. */
type AskedAssociation = Pick<Association, 'namespace' | 'serviceAccount' | 'disableSessionTags'>

/**
 * The command that corrects the policy for EKS Pod Identity; none if no small edit would admit only this
 * association. With `firstRole`, `role` is the target role of the association.
 */
export const podIdentityTrustCommands = (
  scene: Scene,
  role: RoleArn,
  association: AskedAssociation,
  found: Fact<RoleLookup> | undefined,
  firstRole?: { readonly arn: string; readonly externalId: string | undefined }
): string[] => podIdentityCorrection(scene, role, association, found, firstRole)?.commands ?? []

/**
 * The verdict on a role's trust policy for EKS Pod Identity, with the command that corrects the policy;
 * undefined if the policy or the cluster is not known.
 */
export function podIdentityCorrection(
  scene: Scene,
  role: RoleArn,
  association: AskedAssociation,
  found: Fact<RoleLookup> | undefined,
  firstRole?: { readonly arn: string; readonly externalId: string | undefined }
): { readonly verdict: TrustVerdict['verdict']; readonly commands: string[] } | undefined {
  const policy = policyOf(found)
  const question = podIdentityQuestion(scene, association)
  if (policy === undefined || question === undefined) return undefined
  const asked = { ...question, ...policy, roleArn: role.text, ...(firstRole && { firstRole }) }
  const { verdict, suggested } = evaluatePodIdentityTrust(asked)
  if (suggested === undefined) return { verdict, commands: [] }
  const flags = [
    `--cluster-arn ${shellQuote(question.clusterArn)}`,
    ...(question.sessionTags ? [] : ['--no-session-tags']),
    ...(firstRole === undefined ? [] : [`--first-role ${shellQuote(firstRole.arn)}`]),
    ...(firstRole?.externalId === undefined ? [] : [`--external-id ${shellQuote(firstRole.externalId)}`])
  ]

  return { verdict, commands: [correctTrust(scene.tools, role, scene.account, flags)] }
}

/** The trust policy of a new role for EKS Pod Identity; undefined without session tags. */
export function newPodIdentityPolicy(scene: Scene, association: AskedAssociation): object | undefined {
  const { clusterArn } = scene
  const question = podIdentityQuestion(scene, association)
  if (clusterArn === undefined || question?.sessionTags !== true) return undefined
  const document = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: {
          StringEquals: {
            'aws:SourceAccount': clusterArn.account,
            'aws:SourceArn': clusterArn.text,
            'aws:RequestTag/kubernetes-namespace': question.namespace,
            'aws:RequestTag/kubernetes-service-account': question.serviceAccount
          }
        }
      }
    ]
  }

  return admitsOnlyThis(evaluatePodIdentityTrust({ ...question, document })) ? document : undefined
}

const admitsOnlyThis = ({ verdict, overPermissive }: TrustVerdict): boolean =>
  verdict === 'allowed' && !overPermissive

const policyOf = (role: Fact<RoleLookup> | undefined): Policy | undefined =>
  role?.state === 'known' && role.value.exists ? role.value.trustPolicy : undefined

/** The role that an annotation or association names; undefined if the text is missing or not a role ARN. */
export const roleIn = (text: string | undefined): RoleArn | undefined =>
  text === undefined ? undefined : parseRoleArn(text)
