import type { Check, CheckName, Installation } from './check.js'

/** The outcome of a dry run that this command made as its own user. */
export type ProbeResult =
  { readonly state: 'works' } | { readonly state: 'fails' | 'unknown'; readonly because: string }

/** The user who runs the command. irsa-guard does not check the requests of some users. */
export interface Caller {
  readonly username: string
  readonly groups: readonly string[]
}

interface ProbeWords {
  readonly ok: string
  readonly wrong: string
  readonly unknown: string
  readonly right: string
  readonly fix: string
}

const words = {
  'self-test': {
    ok: 'a service account that must be denied was denied by irsa-guard (dry run)',
    wrong: 'the API server does not call irsa-guard',
    unknown: 'it could not be shown that the API server calls irsa-guard',
    right: 'create serviceaccounts -n irsa-guard-canary',
    fix: 'get endpointslices -n NAMESPACE -l kubernetes.io/service-name=irsa-guard   # no endpoint: see serve; otherwise port 9443 may be blocked: docs/install.md'
  },
  'policy-test': {
    ok: "a policy noticed an unexpected caBundle in irsa-guard's own webhook (dry run)",
    wrong: 'the caBundle policy denies nothing',
    unknown: 'it could not be shown that the caBundle policy denies anything',
    right: 'patch validatingwebhookconfigurations.admissionregistration.k8s.io/irsa-guard',
    fix: 'get validatingadmissionpolicybinding/irsa-guard-ca-bundle-deny webhooktrust/cluster'
  },
  canary: {
    ok: 'the identity webhook gave a pod its role (dry run)',
    wrong: 'the identity webhook does not mutate pods',
    unknown: 'it could not be shown that the identity webhook mutates pods',
    right: 'create pods -n irsa-guard-canary',
    fix: 'get mutatingwebhookconfigurations   # then: irsa-guard ca mutatingwebhookconfiguration/NAME --fix'
  }
} as const satisfies Partial<Record<CheckName, ProbeWords>>

export type ProbeName = keyof typeof words

/**
 * What a dry run proves. It proves nothing about irsa-guard if irsa-guard exempts the user who made it. The
 * request reaches only one API server, whereas the controller tests every API server.
 */
export function judgeProbe(
  check: ProbeName,
  result: ProbeResult,
  exemption: string | undefined,
  { kubectl, namespace }: Installation
): Check {
  const { ok, wrong, unknown, right, fix } = words[check]
  if (result.state === 'works') return { check, state: 'ok', message: ok }
  const { because } = result
  if (result.state === 'fails' && exemption === undefined)
    return {
      check,
      state: 'wrong',
      message: wrong,
      because,
      fix: `${kubectl} ${fix.replace('NAMESPACE', namespace)}`
    }

  return {
    check,
    state: 'unknown',
    message: unknown,
    because: result.state === 'fails' ? `${exemption}` : because,
    ...(result.state === 'unknown' && { fix: `${kubectl} auth can-i ${right}` })
  }
}

/** Why irsa-guard's webhook admits every request from a user; undefined if it does not. */
export function webhookExemptionOf(
  caller: Caller | undefined,
  exempt: { readonly users: readonly string[]; readonly groups: readonly string[] }
): string | undefined {
  if (caller === undefined) return 'it is unknown whether irsa-guard exempts your user'
  const { username, groups } = caller
  const group = groups.find((one) => [...exemptGroups, ...exempt.groups].includes(one))
  if (group !== undefined) return `irsa-guard exempts your group ${group}`

  return exempt.users.includes(username) ? `irsa-guard exempts your user ${username}` : undefined
}

/** Why the caBundle policy admits everything from a user: the variable `userExempt` in manifests/ca-bundle-deny.yaml. */
export function policyExemptionOf(caller: Caller | undefined): string | undefined {
  if (caller === undefined) return 'it is unknown whether the policy exempts your user'
  if (caller.username.startsWith('eks:')) return `the policy exempts users of EKS, such as ${caller.username}`

  return caller.groups.includes(breakGlass) ? `the policy exempts your group ${breakGlass}` : undefined
}

const breakGlass = 'irsa-guard:break-glass'
const exemptGroups: readonly string[] = [breakGlass, 'system:nodes'] // the match conditions in manifests/webhook.yaml
