import type { Association } from '../model/association.js'
import type { ClusterArn } from '../model/cluster-arn.js'
import type { RoleArn } from '../model/role-arn.js'
import { restartable, rolloutRestart } from '../model/workload-kind.js'
import { shortList } from '../text/escape.js'
import { recordOf } from '../text/record.js'
import { shellQuote } from '../text/shell.js'
import { associationTexts, type AssociationTool } from './association-text.js'
import type { MigrationStep } from './migration-plan.js'
import { type Runner, runnerName } from './runners.js'

/** How the commands of a plan are written. */
export interface CommandStyle {
  /** The tool that creates associations. */
  readonly tool: AssociationTool
  /** `kubectl`, with the flags that choose the cluster. */
  readonly kubectl: string
}

/** The EKS add-on with the agent: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html */
export const agentStep = ({ name, region }: ClusterArn, { kubectl }: CommandStyle): MigrationStep => ({
  step: 'agent',
  message: 'install the EKS Pod Identity Agent, and wait until it is running on all nodes',
  commands: [
    `aws eks create-addon --region ${region} --cluster-name ${name} --addon-name eks-pod-identity-agent`,
    `${kubectl} rollout status daemonset/eks-pod-identity-agent -n kube-system`
  ]
})

/** `others` are the other service accounts with the same new trust policy. */
export const trustStep = (
  { name }: RoleArn,
  policies: { readonly before: unknown; readonly document: object },
  others: readonly string[]
): MigrationStep => ({
  step: 'trust-policy',
  message: `replace the trust policy of role ${name}: the new one also trusts EKS Pod Identity, and nothing is removed; if a tool manages the role, make the change there${others.length === 0 ? '' : ` (the same update as for ${shortList(others)}: once is enough)`}`,
  commands: [
    `aws iam update-assume-role-policy --role-name ${name} --policy-document ${shellQuote(asciiJson(policies.document))}`
  ],
  ...policies
})

/** JSON in printable ASCII, so that a terminal does not change it. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

const instructions: Readonly<Record<Exclude<AssociationTool, 'aws'>, string>> = {
  eksctl: 'save it as association.yaml and run eksctl create podidentityassociation -f association.yaml',
  cloudformation: 'add it to the template of a stack and update the stack',
  terraform: 'add it to the configuration and apply it',
  ack: 'save it as association.yaml and run kubectl apply -f association.yaml'
}

export function associationStep(
  account: { readonly namespace: string; readonly name: string },
  role: RoleArn,
  cluster: ClusterArn,
  { tool }: CommandStyle
): MigrationStep {
  const { namespace, name: serviceAccount } = account
  const text = associationTexts[tool]([{ cluster, namespace, serviceAccount, roleArn: role.text }])
  // EKS checks the trust policy when it creates an association, and IAM is eventually consistent:
  // https://github.com/hashicorp/terraform-provider-aws/issues/41483
  const hint = 'if EKS reports that the trust policy is invalid, try again after a few seconds'
  const message = 'create the association; running pods keep IRSA'

  return tool === 'aws'
    ? { step: 'association', message: `${message} (${hint})`, commands: [text] }
    : {
        step: 'association',
        message: `${message}: ${instructions[tool]} (${hint})`,
        commands: [],
        manifest: text
      }
}

/** The step for an association that a given file describes. Whether it exists already is not known. */
export const givenAssociationStep: MigrationStep = {
  step: 'association',
  message: 'create the association that the files describe, if it does not exist yet; running pods keep IRSA',
  commands: []
}

// AWS documents that an association takes effect after several seconds, and no API shows when:
// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
const wait = 'at least a minute after the association was created'

/**
 * The step that replaces the pods of these workloads; undefined if it is known that there are no pods to
 * replace.
 */
export function podsStep(
  runners: readonly Runner[],
  { kubectl, isComplete }: Pick<CommandStyle, 'kubectl'> & { readonly isComplete: boolean }
): MigrationStep | undefined {
  if (runners.length === 0) {
    return isComplete
      ? undefined
      : {
          step: 'new-pods',
          message: `${wait}, replace any older pods of the service account`,
          commands: []
        }
  }
  const ways = runners.map((runner) => wayOf(runner, kubectl))
  const commands = ways.flatMap(({ command }) => command ?? [])
  const others = ways.flatMap(({ advice }) => advice ?? [])

  return { step: 'new-pods', message: [`${wait}, replace the pods`, ...others].join('; '), commands }
}

/** How to replace the pods of a workload: a command, or advice in words. */
export function wayOf(
  runner: Runner,
  kubectl: string
): { readonly command?: string; readonly advice?: string } {
  const { kind, object, pods } = runner
  const strategy = recordOf(recordOf(recordOf(object)['spec'])['updateStrategy'])['type']
  if (restartable.has(kind) && strategy !== 'OnDelete') return { command: rolloutRestart(kubectl, runner) }
  const shown = runnerName(runner)
  if (kind === 'CronJob') return { advice: `${shown}: its next run gets the role` }
  if (kind === 'Job') return { advice: `${shown}: let it finish, or delete it and create it again` }
  if (kind === 'Pod' && pods.length > 0) return { advice: `${shown}: delete it and create it again` }
  if (kind === 'Pod') return { advice: `${shown}: create it after that` }

  return { advice: `${shown}: let it replace its pods, or delete them one after the other` }
}

const agentVariable = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'

/** The field selector: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/ */
export const checkStep = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { kubectl }: CommandStyle
): MigrationStep => ({
  step: 'check',
  message: `check that ${agentVariable} is listed once for each container of every pod; if a pod lacks it, replace that pod before you go on`,
  commands: [
    `${kubectl} get pods -n ${namespace} --field-selector spec.serviceAccountName=${name} -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.spec.containers[*].env[?(@.name=="${agentVariable}")].name}{"\\n"}{end}'`
  ]
})

export const annotationStep = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  annotation: string,
  { kubectl }: CommandStyle
): MigrationStep => ({
  step: 'annotation',
  message:
    'remove the annotation, including where the service account is defined: in its chart, manifest, stack or add-on',
  commands: [`${kubectl} annotate serviceaccount ${name} -n ${namespace} ${shellQuote(annotation)}-`]
})

/** What a migration changes for the code and the policies that use a role. */
export const commonNotes: readonly string[] = [
  'the AWS SDKs in the containers have to support EKS Pod Identity: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-minimum-sdk.html',
  'permission policies that use claims of the OIDC provider (such as "…:sub") no longer match: EKS Pod Identity sends session tags instead (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html)',
  'a running pod keeps IRSA until it is replaced, so the OIDC statement of a trust policy has to stay until no pod of any cluster uses the role through IRSA'
]

/** The association that a service account would get, as EKS would describe it. */
export const plannedAssociation = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  roleArn: string,
  { name: clusterName }: ClusterArn
): Association => ({ clusterName, namespace, serviceAccount: name, roleArn, disableSessionTags: false })
