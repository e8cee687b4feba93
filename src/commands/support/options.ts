import { type Command, Option } from 'commander'

/** Adds options to a command, in the order of its help. */
export const withOptions = (command: Command, ...options: readonly (readonly Option[])[]): Command =>
  options.flat().reduce((all, option) => all.addOption(option), command)

// Options that several commands have. Commander keeps state in an Option, so each command gets its own.

export const iamOption = (): Option =>
  new Option('--iam <file>', 'read IAM facts from an IamSnapshot file instead of AWS; repeatable')
    .default([], 'none')
    .argParser((file: string, files: string[]) => [...files, file])

export const awsOption = (): Option =>
  new Option(
    '--aws',
    'query IAM, and EKS if the cluster is known, with your AWS credentials and region'
  ).conflicts('iam')

/** The option for the configuration. `isFound`: without the option, the command looks for a file itself. */
export const configOption = ({ isFound = true } = {}): Option =>
  new Option(
    '--config <file>',
    `configuration file (YAML${isFound ? '; default: .irsa-guard.yaml here or in a directory above' : ''})`
  )

export const kubeconfigOption = (): Option =>
  new Option(
    '--kubeconfig <file>',
    "kubeconfig of the cluster (default: $KUBECONFIG, the pod's own token, or ~/.kube/config)"
  )

export const issuerOption = (purpose = 'OIDC issuer of the cluster'): Option =>
  new Option('--issuer <url>', purpose)

export const clusterArnOption = (
  purpose = 'ARN of the EKS cluster, to look up its EKS Pod Identity associations'
): Option => new Option('--cluster-arn <arn>', purpose)

export const clusterCaOption = (): Option =>
  new Option('--cluster-ca <file>', 'current CAs of the cluster (PEM), as in ConfigMap kube-root-ca.crt')

export const audienceOption = (): Option =>
  new Option(
    '--audience <name>',
    'audience that the identity webhook requests for tokens when no annotation sets one'
  )

export const failOnOption = (): Option =>
  new Option('--fail-on <severity>', 'lowest severity of a finding that makes the exit code 1')
    .choices(['error', 'warning', 'info', 'never'])
    .default('error')

export const colorOption = (): Option =>
  new Option('--color <when>', 'color the text').choices(['auto', 'always', 'never']).default('auto')

const asciiOption = (): Option =>
  new Option('--ascii', 'use only ASCII characters for status symbols and separators')

export const verboseOption = (): Option =>
  new Option('-v, --verbose', 'show everything: all objects, fields and reasons').conflicts('quiet')

const quietOption = (): Option => new Option('-q, --quiet', 'show only errors')

/** The options for how the text output of a command looks. */
export const styleOptions = (): readonly Option[] => [colorOption(), asciiOption(), quietOption()]

/** The same, for a command that can show more than it does by default. */
export const styleOptionsWithVerbose = (): readonly Option[] => [
  colorOption(),
  asciiOption(),
  verboseOption(),
  quietOption()
]

/** Where the facts about AWS come from, for a command that does not take them from IAM files. */
export const awsOptions = (): readonly Option[] => [
  awsOption(),
  issuerOption(),
  clusterArnOption(),
  configOption()
]

/** Where the facts about AWS come from, and what the identity webhook requests. */
export const factOptions = (): readonly Option[] => [iamOption(), ...awsOptions(), audienceOption()]
