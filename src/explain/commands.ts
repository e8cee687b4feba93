import { argumentOf } from '../text/escape.js'
import { shellQuote } from '../text/shell.js'
import type { Values } from './values.js'

/** What a command checks. */
export type Question = keyof typeof commands

const accountOf = ({ serviceAccount }: Values): string =>
  serviceAccount === undefined ? 'NAMESPACE/NAME' : `${serviceAccount.namespace}/${serviceAccount.name}`

const diagnose = ({ serviceAccount }: Values): string =>
  serviceAccount === undefined
    ? 'irsa-guard diagnose pod/POD -n NAMESPACE'
    : `irsa-guard diagnose sa/${serviceAccount.name} -n ${serviceAccount.namespace}`

const trust = (values: Values): string =>
  `irsa-guard trust --service-account ${accountOf(values)} --role ${argument(values.role, 'ROLE_ARN')} --aws`

const commands = {
  diagnose,
  trust: (values) => `${trust(values)} --issuer ${argument(values.issuer, 'ISSUER')}`,
  association: (values) => `${trust(values)} --cluster-arn ${argument(values.clusterArn, 'CLUSTER_ARN')}`,
  permission: (values) =>
    `${diagnose(values)} --action ${argument(values.action, 'ACTION')} --resource ${values.resource === undefined ? 'RESOURCE_ARN' : shellQuote(values.resource)}`,
  ca: () => 'irsa-guard ca mutatingwebhookconfiguration/pod-identity-webhook',
  check: () => 'irsa-guard check FILES',
  scan: () => 'irsa-guard scan',
  agent: () => 'kubectl get pods -n kube-system -l app.kubernetes.io/name=eks-pod-identity-agent -o wide',
  'agent-log': () => 'kubectl logs -n kube-system daemonset/eks-pod-identity-agent',
  associations: () => 'aws eks list-pod-identity-associations --cluster-name CLUSTER',
  providers: () => 'aws iam list-open-id-connect-providers',
  discovery: () => 'kubectl get --raw /.well-known/openid-configuration'
} satisfies Record<string, (values: Values) => string>

/** The command that answers a question, with the values that are known and placeholders for the others. */
export const commandFor = (question: Question, values: Values): string => commands[question](values)

const argument = (value: string | undefined, placeholder: string): string =>
  value === undefined ? placeholder : argumentOf(value, placeholder)
