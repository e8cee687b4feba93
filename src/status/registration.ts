import { type Webhook, webhooksOf } from '../model/webhook-configuration.js'
import { isRecord, listOf, recordOf } from '../text/record.js'
import {
  applyCommand,
  type Check,
  type Installation,
  type LiveObject,
  type Reading,
  unreadCheck
} from './check.js'
import { differencesOf } from './shipped.js'

/**
 * Whether the API server calls irsa-guard for every request that irsa-guard must review, and admits the
 * request if the call fails.
 */
export function judgeRegistration(
  {
    configuration,
    service
  }: {
    configuration: Reading<LiveObject | undefined>
    /** The Service that the webhooks name. */
    service: Reading<LiveObject | undefined>
  },
  { shipped, ...installation }: Installation & { readonly shipped: LiveObject }
): Check {
  const check = 'registration'
  if (configuration.state === 'unknown') {
    return unreadCheck(check, 'the ValidatingWebhookConfiguration could not be read', configuration.because, {
      ...installation,
      right: 'get validatingwebhookconfigurations.admissionregistration.k8s.io/irsa-guard'
    })
  }
  const fix = applyCommand(installation)
  if (configuration.value === undefined) {
    const message = 'there is no ValidatingWebhookConfiguration irsa-guard'
    return { check, state: 'wrong', message, because: 'the API server does not call irsa-guard', fix }
  }
  const live = webhooksOf(configuration.value)
  const expected = webhooksOf(shipped)
  const faults = expected.flatMap((one) => {
    const found = live.find(({ name }) => name === one.name)
    return found === undefined ? [`webhook ${one.name} is missing`] : webhookFaults(one, found)
  })
  const usesService = live.some((webhook) => webhook.service !== undefined)
  if (usesService && service.state === 'known' && service.value === undefined)
    faults.push(
      `there is no Service ${expected[0]?.service?.name ?? ''} in namespace ${installation.namespace}`
    )
  if (faults.length > 0) return { check, state: 'wrong', message: faults.join('; '), fix }

  const notes = live.flatMap((one) => {
    const of = expected.find(({ name }) => name === one.name)
    return of === undefined ? [] : notesOn(of, one)
  })
  const places = [...new Set(live.map(({ url }) => (url === undefined ? 'the Service' : url)))].join(', ')
  const message = `${live.length} webhooks, called at ${places}, failurePolicy Ignore`

  return { check, state: 'ok', message: [message, ...notes].join('; ') }
}

function webhookFaults(expected: Webhook, live: Webhook): string[] {
  const { name } = live
  const { timeoutSeconds: shortest = 10 } = expected
  const missing = rulesOf(expected).filter((rule) => !rulesOf(live).some((other) => covers(other, rule)))
  const wanted = requirementsOf(expected.namespaceSelector)
  const selected = requirementsOf(live.namespaceSelector)
  const lost = wanted.filter((one) => !selected.some((other) => isSame(one, other)))
  const lostConditions = expected.matchConditions
    .filter((one) => !live.matchConditions.some((other) => isSame(one, other)))
    .map((one) => String(recordOf(one)['name']))

  return [
    ...(live.failurePolicy === 'Ignore'
      ? []
      : [
          `${name} has failurePolicy ${live.failurePolicy ?? 'Fail'}, so requests fail while irsa-guard is down`
        ]),
    ...(missing.length === 0
      ? []
      : [`${name} is not called for ${missing.map(({ text }) => text).join(', ')}`]),
    ...lost.map((one) => `${name} lacks a namespaceSelector requirement: ${JSON.stringify(one)}`),
    ...lostConditions.map(
      (condition) => `${name} lacks the match condition ${condition}, or has it with a different expression`
    ),
    ...((live.timeoutSeconds ?? 10) < shortest
      ? [`${name} has timeoutSeconds ${live.timeoutSeconds}; irsa-guard needs up to ${shortest}`]
      : []),
    ...(live.url === undefined && !isSame(expected.service, live.service)
      ? [
          `${name} is called at Service ${live.service?.namespace}/${live.service?.name}${live.service?.path ?? ''}`
        ]
      : []),
    ...(live.admissionReviewVersions.includes('v1') ? [] : [`${name} does not accept reviews of version v1`])
  ]
}

/** What someone has excluded deliberately. */
function notesOn(expected: Webhook, live: Webhook): string[] {
  const selectors =
    requirementsOf(live.namespaceSelector).length - requirementsOf(expected.namespaceSelector).length
  const conditions = live.matchConditions.length - expected.matchConditions.length

  return [
    ...(selectors > 0 ? [`${live.name} excludes more namespaces than the shipped webhook does`] : []),
    ...(requirementsOf(live.objectSelector).length > 0 ? [`${live.name} has an objectSelector`] : []),
    ...(conditions > 0 ? [`${live.name} has more match conditions than the shipped webhook`] : [])
  ]
}

interface Rule {
  readonly group: unknown
  readonly version: unknown
  readonly resource: unknown
  readonly operation: unknown
  readonly text: string
}

const rulesOf = ({ rules }: Webhook): Rule[] =>
  rules.filter(isRecord).flatMap(({ apiGroups, apiVersions, resources, operations }) =>
    listOf(apiGroups).flatMap((group) =>
      listOf(apiVersions).flatMap((version) =>
        listOf(resources).flatMap((resource) =>
          listOf(operations).map((operation) => ({
            group,
            version,
            resource,
            operation,
            text: `${String(operation)} ${String(resource)}`
          }))
        )
      )
    )
  )

// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules
const covers = (live: Rule, wanted: Rule): boolean =>
  (live.group === '*' || live.group === wanted.group) &&
  (live.version === '*' || live.version === wanted.version) &&
  (live.resource === '*' || live.resource === '*/*' || live.resource === wanted.resource) &&
  (live.operation === '*' || live.operation === wanted.operation)

function requirementsOf(selector: unknown): readonly unknown[] {
  const { matchExpressions, matchLabels } = recordOf(selector)

  return [...listOf(matchExpressions), ...Object.entries(recordOf(matchLabels))]
}

const isSame = (shipped: unknown, live: unknown): boolean => differencesOf(shipped, live, '').length === 0
