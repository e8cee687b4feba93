import type { Problem } from '../model/finding.js'
import {
  allowedRolesAnnotation,
  canMatchRoleArn,
  modeLabel,
  modes,
  podsLabel,
  splitGlobs
} from '../model/namespace.js'
import type { NamespaceSubject } from '../model/subject.js'
import { closestTo } from '../text/closest.js'
import { quote, shortList } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const namespaceSettingInvalid = defineRule({
  id: 'namespace-setting-invalid',
  summary: 'A label or annotation on the namespace is meant for irsa-guard but has no effect.',
  severity: 'warning',
  on: ['Namespace'],
  needs: ['identityWebhook'],
  check: (namespace, { identityWebhook: { composeRoleArn } }) => [
    ...valueProblems(namespace, composeRoleArn),
    ...keyProblems(namespace)
  ]
})

const labelField = (key: string): string => `metadata.labels[${JSON.stringify(key)}]`

function valueProblems({ labels, annotations }: NamespaceSubject, composeRoleArn: boolean): Problem[] {
  const problems: Problem[] = []
  const [mode, pods, allowed] = [labels[modeLabel], labels[podsLabel], annotations[allowedRolesAnnotation]]
  if (mode !== undefined && !modes.some((known) => known === mode)) {
    const meant = typeof mode === 'string' ? closestTo(mode.toLowerCase(), modes) : undefined
    problems.push({
      field: labelField(modeLabel),
      message: `label ${modeLabel} is ${shown(mode)}; expected ${modes.join(', ')}; until the label is corrected, irsa-guard denies nothing in this namespace`,
      fix:
        meant === undefined
          ? `set the label to one of ${modes.join(', ')}, or remove it`
          : `write ${quote(meant)}`
    })
  }
  if (pods !== undefined && pods !== 'enforce') {
    problems.push({
      field: labelField(podsLabel),
      message: `label ${podsLabel} is ${shown(pods)}, which has no effect: no pod is denied in this namespace`,
      fix: 'write "enforce" to deny pods that did not get their role, or remove the label'
    })
  }
  if (allowed === undefined) return problems

  const field = annotationField(allowedRolesAnnotation)
  const fix =
    'write globs of role ARNs, separated by commas, such as arn:aws:iam::111122223333:role/team/*, or remove the annotation'
  if (typeof allowed !== 'string') {
    return [
      ...problems,
      { field, message: `annotation ${allowedRolesAnnotation} is ${shown(allowed)}; expected a string`, fix }
    ]
  }
  // With --compose-role-arn, a service account can name a role without an ARN.
  const useless = splitGlobs(allowed).filter(
    (glob) => !(composeRoleArn && !glob.includes('arn:')) && !canMatchRoleArn(glob)
  )
  if (useless.length > 0) {
    problems.push({
      field,
      message: `annotation ${allowedRolesAnnotation} contains ${shortList(useless.map(quote))}, which cannot match a role ARN`,
      fix
    })
  }

  return problems
}

const shown = (value: unknown): string => (typeof value === 'string' ? quote(value) : JSON.stringify(value))

const articleOf = (is: 'label' | 'annotation'): string => (is === 'label' ? 'a label' : 'an annotation')

/** The keys that irsa-guard reads from a namespace, and whether each must be a label or an annotation. */
const knownKeys: Readonly<Record<string, 'label' | 'annotation'>> = {
  [modeLabel]: 'label',
  [podsLabel]: 'label',
  [allowedRolesAnnotation]: 'annotation'
}

function keyProblems({ labels, annotations }: NamespaceSubject): Problem[] {
  return [...keysOf(labels, 'label'), ...keysOf(annotations, 'annotation')].flatMap(
    ({ key, is }): Problem[] => {
      const right = knownKeys[key]
      if (right === is || key.startsWith('ignore.irsa-guard.io/')) return []
      const field = is === 'label' ? labelField(key) : annotationField(key)
      if (right !== undefined) {
        return [
          {
            field,
            message: `${key} is set as ${articleOf(is)} here, but irsa-guard reads it as ${articleOf(right)}`,
            fix: `make it ${articleOf(right)}`
          }
        ]
      }
      const meant = closestTo(key, Object.keys(knownKeys))
      if (meant === undefined && !key.startsWith('irsa-guard.io/')) return []

      return [
        {
          field,
          message: `irsa-guard does not read the ${is} ${quote(key)}`,
          fix:
            meant === undefined
              ? `use one of ${Object.keys(knownKeys).join(', ')}, or remove the ${is}`
              : `write the ${knownKeys[meant] ?? is} ${meant}`
        }
      ]
    }
  )
}

const keysOf = (
  map: Readonly<Record<string, unknown>>,
  is: 'label' | 'annotation'
): { key: string; is: 'label' | 'annotation' }[] => Object.keys(map).map((key) => ({ key, is }))
