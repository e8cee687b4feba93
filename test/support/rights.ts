import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

export interface Rule {
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
}

/** The parts of RBAC objects that the tests read. */
export interface RbacObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly rules?: readonly Rule[]
  readonly roleRef?: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[]
}

/** A permission that manifests/ grants: one rule of a role, for one service account. */
export interface Right {
  readonly who: string
  /** A namespace, or `cluster`. */
  readonly where: string
  /** Resources such as `deployments.apps`, or URL paths. */
  readonly what: readonly string[]
  /** Names of objects; undefined means all. */
  readonly names: readonly string[] | undefined
  readonly verbs: readonly string[]
}

export const manifestObjects = (): readonly RbacObject[] =>
  readdirSync('manifests')
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) =>
      parseAllDocuments(readFileSync(`manifests/${file}`, 'utf8')).map(
        (document) => document.toJSON() as RbacObject
      )
    )

export function grantedRights(): Right[] {
  const objects = manifestObjects()

  return objects.flatMap(({ roleRef, subjects = [], metadata: { namespace } }) => {
    const scope = roleRef?.kind === 'ClusterRole' ? undefined : namespace
    const role = objects.find(
      ({ kind, metadata }) =>
        kind === roleRef?.kind && metadata.name === roleRef.name && metadata.namespace === scope
    )
    return subjects.flatMap((subject) =>
      (role?.rules ?? []).map((rule): Right => ({
        who: subject.name,
        where: namespace ?? 'cluster',
        what: whatOf(rule),
        names: rule.resourceNames,
        verbs: rule.verbs
      }))
    )
  })
}

/** The rights of some rules, such as `get pods` or `list deployments.apps`. */
export const grantedBy = (rules: readonly Rule[]): string[] =>
  rules.flatMap((rule) => rule.verbs.flatMap((verb) => whatOf(rule).map((what) => `${verb} ${what}`)))

/** The actions that the IAM policies in docs/aws.md allow. */
export const documentedActions = (): string[] =>
  [...readFileSync('docs/aws.md', 'utf8').matchAll(/```json\n([^]*?)```/g)].flatMap(([, text = '']) => {
    const { Statement: statements = [] } = JSON.parse(text) as {
      Statement?: readonly { Action: string | readonly string[] }[]
    }

    return statements.flatMap(({ Action: action }) => action)
  })

function whatOf({ apiGroups = [], resources, nonResourceURLs = [] }: Rule): readonly string[] {
  const group = apiGroups.length === 1 && apiGroups[0] !== '' ? `.${apiGroups.join('')}` : ''

  return resources?.map((resource) => `${resource}${group}`) ?? nonResourceURLs
}
