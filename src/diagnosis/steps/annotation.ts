import type { Finding } from '../../model/finding.js'
import { parseRoleArn } from '../../model/role-arn.js'
import { textOf } from '../../text/record.js'
import { annotate } from '../commands.js'
import type { Judged, Scene } from '../scene.js'
import { brokenAmong, couldNotTell, follows, ok, wrong, wrongBy } from '../scene.js'

/** What the service account requests by annotation, or by the identity webhook's ConfigMap. */
export function annotationStep(scene: Scene, before: readonly Judged[]): Judged {
  const { request, settings, isOwnRole, told, account } = scene
  const key = settings.annotationNames['role-arn']
  const { wrong: findings, remarks } = told('annotation')
  if (findings.length > 0) return wrongBy('annotation', findings, { needsNewPods: true, ...corrected(scene) })
  if (
    scene.accountExists.state === 'known' &&
    !scene.accountExists.value &&
    brokenAmong(before, 'service-account')
  )
    return follows('annotation', 'service-account', 'there is no service account that could have one')
  if (request.state !== 'known') return couldNotTell('annotation', request.because)
  if (isOwnRole && request.value !== undefined)
    return ok('annotation', `none; the pod template itself sets role ${request.value.role}`, remarks)
  if (request.value === undefined) return withoutRequest(scene)
  const { role, isComposed } = request.value
  const asked = isComposed ? `role ${role}, from which the identity webhook builds the ARN` : role
  const where = account.annotations[key] === undefined ? " (in the identity webhook's ConfigMap)" : ''

  return ok('annotation', `asks for ${asked}${where}`, remarks)
}

/** A service account that requests no role. */
function withoutRequest(scene: Scene): Judged {
  const { account, settings, chain, subject } = scene
  const key = settings.annotationNames['role-arn']
  const explaining = explanationsOf(scene)
  const shown = `service account ${account.namespace}/${account.name} has no annotation ${key}`
  if (explaining.length > 0 && chain.chain !== 'pod-identity')
    return wrongBy('annotation', explaining, { needsNewPods: true, ...moved(scene) })
  if (chain.chain === 'unknown') return couldNotTell('annotation', chain.because, shown)

  return wrong(
    'annotation',
    `${shown}, and no EKS Pod Identity association ${
      chain.because.includes('neither') ? 'exists' : 'is known'
    }, so its pods get no role`,
    {
      fix: `for IRSA: ${annotate(scene.tools, account, `${key}=ROLE_ARN`)}; for EKS Pod Identity: aws eks create-pod-identity-association --cluster-name ${scene.clusterArn?.name ?? 'CLUSTER'} --namespace ${subject.namespace} --service-account ${account.name} --role-arn ROLE_ARN; then replace the pods`
    }
  )
}

/**
 * Why there is no annotation: it is in the wrong place, or it was never added although a role trusts the
 * service account.
 */
function explanationsOf({ told }: Scene): readonly Finding[] {
  const { explaining } = told('annotation')
  const elsewhere = explaining.filter(({ rule }) => rule !== 'role-annotation-missing')

  return elsewhere.length > 0 ? elsewhere : explaining
}

/**
 * The command that sets the annotation. The role is the one that was found under a misspelled key or on the
 * wrong object, or the only role that trusts the service account. Empty unless that role is known for
 * certain.
 */
function moved(scene: Scene): Pick<Judged, 'commands'> {
  const { account, tools, settings, template, facts } = scene
  const key = settings.annotationNames['role-arn']
  const [finding] = explanationsOf(scene)
  const found: { readonly key?: string; readonly value?: string | undefined } | undefined =
    finding?.rule === 'role-annotation-misspelt'
      ? annotated(account.annotations, finding.field)
      : finding?.rule === 'role-annotation-misplaced'
        ? { value: textOf(template?.annotations[key]) ?? textOf(template?.pod.annotations[key]) }
        : finding?.rule === 'role-annotation-missing' &&
            facts.rolesTrusting?.state === 'known' &&
            facts.rolesTrusting.value.length === 1
          ? { value: facts.rolesTrusting.value[0] }
          : undefined
  const { value, key: old } = found ?? {}
  // Every pod that names no service account uses the default one.
  if (value === undefined || parseRoleArn(value) === undefined || account.name === 'default') return {}

  return {
    commands: [annotate(tools, account, `${key}=${value}`, ...(old === undefined ? [] : [`${old}-`]))]
  }
}

/** The annotation that a finding's field names. */
function annotated(
  annotations: Readonly<Record<string, unknown>>,
  field: string
): { readonly key: string; readonly value: string } | undefined {
  const key = Object.keys(annotations).find((name) => field.endsWith(`[${JSON.stringify(name)}]`))
  const value = key === undefined ? undefined : textOf(annotations[key])?.trim()

  return key === undefined || value === undefined ? undefined : { key, value }
}

/** The command that fixes an ARN that is correct except for surrounding white space or quotes. */
function corrected({ account, tools, settings, facts }: Scene): Pick<Judged, 'commands'> {
  const key = settings.annotationNames['role-arn']
  const written = textOf(account.annotations[key])
  const trimmed = written?.trim().replace(/^(["'])(.*)\1$/s, '$2')
  const partition = facts.clusterPartition?.state === 'known' ? facts.clusterPartition.value : undefined
  const arn = trimmed === undefined ? undefined : parseRoleArn(trimmed)
  if (trimmed === written || arn === undefined) return {}
  if (partition !== undefined && partition !== arn.partition) return {}

  return { commands: [annotate(tools, account, `${key}=${arn.text}`)] }
}
