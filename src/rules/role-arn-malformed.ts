import { composedArnOf } from '../identity-webhook/role-request.js'
import type { Problem } from '../model/finding.js'
import { longestRoleArn, parseRoleArn, type RoleArn } from '../model/role-arn.js'
import { enclosedIn, quote } from '../text/escape.js'
import { differenceIn, type Excerpt, excerptOf } from '../text/excerpt.js'
import { annotationField, isRecord } from '../text/record.js'
import { defineRule } from './define-rule.js'

const shape = 'arn:aws:iam::<12-digit-account>:role/<path/><name>'
const noOther = `write the ARN of a role, ${shape}`

export const roleArnMalformed = defineRule({
  id: 'role-arn-malformed',
  summary: 'The `eks.amazonaws.com/role-arn` annotation is not the ARN of an IAM role.',
  severity: 'error',
  on: ['ServiceAccount'],
  needs: ['identityWebhook', 'chain'],
  check(account, { identityWebhook, chain: { chain } }) {
    const key = identityWebhook.annotationNames['role-arn']
    const value = account.annotations[key]
    if (value === undefined) return

    const composed = typeof value === 'string' ? composedArnOf(value, identityWebhook) : undefined
    const arn = typeof value === 'string' ? parseRoleArn(composed ?? value) : undefined
    const diagnosis =
      arn !== undefined && typeof value === 'string'
        ? pathOf(value, arn)
        : composed !== undefined && typeof value === 'string' && templateIn(value) === undefined
          ? composedOf(value)
          : diagnosisOf(value)

    return (
      diagnosis && {
        field: annotationField(key),
        ...diagnosis,
        // The identity webhook then ignores the annotation.
        ...(chain === 'pod-identity' && { atMost: 'warning' as const })
      }
    )
  }
})

type Diagnosis = Omit<Problem, 'field'>

/**
 * A probable mistake in the path of a well-formed ARN. IAM's API allows almost any character in a path
 * (pathType), so no such ARN is denied.
 */
function pathOf(value: string, { path }: RoleArn): Diagnosis | undefined {
  const diagnosis =
    templateIn(value) ?? secondArnIn(value) ?? quotesIn(value, path) ?? emptyPartIn(value, path)

  return diagnosis && { ...diagnosis, atAdmission: 'warning' }
}

function secondArnIn(value: string): Diagnosis | undefined {
  const start = value.lastIndexOf('arn:')
  if (start <= 0) return

  const inner = value.slice(start)
  return said(
    `the annotation contains a second ARN: ${quote(value)}`,
    parseRoleArn(inner) === undefined ? noOther : `write ${inner}`,
    excerptOf(value, inner)
  )
}

function quotesIn(value: string, path: string): Diagnosis | undefined {
  const found = /["'`<>]/.exec(path)?.[0]
  if (found === undefined) return

  return said(`the path of the role contains ${found}: ${quote(value)}`, noOther, excerptOf(value, found))
}

function emptyPartIn(value: string, path: string): Diagnosis | undefined {
  if (!path.includes('//')) return

  return said(
    value.startsWith('/')
      ? `the identity webhook builds the ARN "…:role/${value}", with two slashes, from ${quote(value)}`
      : `the path of the role contains two slashes in a row: ${quote(value)}`,
    `write ${value.replace(/^\/+/, '').replaceAll(/\/{2,}/g, '/')}`,
    value.startsWith('/') ? undefined : excerptOf(value, '//')
  )
}

/** With `--compose-role-arn`, the identity webhook treats a value without "arn:" as a role name. */
function composedOf(value: string): Diagnosis {
  if (value === '') {
    return {
      ...said(
        'the annotation is empty, so the identity webhook builds the ARN "…:role/", which is not a valid role ARN',
        'write the name of a role, or remove the annotation'
      ),
      atAdmission: 'warning'
    }
  }

  return said(
    `the identity webhook builds the ARN of a role from the annotation, but ${quote(value)} is not the name of a role`,
    'write the path and name of the role, such as team/cart'
  )
}

function diagnosisOf(value: unknown): Diagnosis {
  if (typeof value === 'number') {
    return said(
      `the annotation is the number ${value}; expected a string`,
      `${noOther}, in quotes, so that YAML keeps its digits`
    )
  }
  if (isRecord(value) && Object.keys(value)[0]?.startsWith('{')) {
    return said(
      'the annotation is an object: YAML parses an unquoted template, {{ … }}, as one',
      `render the template before applying: ${noOther}`
    )
  }
  if (typeof value !== 'string') {
    const found =
      value === null
        ? 'null'
        : Array.isArray(value)
          ? 'an array'
          : typeof value === 'object'
            ? 'an object'
            : JSON.stringify(value)
    return said(`the annotation is ${found}; expected a string`, noOther)
  }
  if (value === '') {
    // Charts render an empty value if no role is wanted, and the identity webhook then injects nothing.
    return {
      ...said('the annotation is empty, so pods get no role', `${noOther}, or remove the annotation`),
      atAdmission: 'warning'
    }
  }
  if (value.length > longestRoleArn) {
    return said(
      `the annotation is ${value.length} characters long, but a role ARN has at most ${longestRoleArn}: ${quote(value)}`,
      noOther
    )
  }

  return (
    templateIn(value) ??
    wrappingAround(value) ??
    otherResourceIn(value) ??
    accountIn(value) ??
    nameOnly(value) ??
    restOf(value)
  )
}

const said = (message: string, fix: string, excerpt?: Excerpt): Diagnosis => ({
  message,
  fix,
  ...(excerpt && { excerpt })
})

function templateIn(value: string): Diagnosis | undefined {
  const template =
    enclosedIn(value, '${', '}') ??
    enclosedIn(value, '{{', '}}') ??
    /\$\([A-Za-z_]\w*\)|<[A-Za-z][^<>]*>|%[A-Z_]+%/.exec(value)?.[0]
  if (template === undefined) return

  return said(
    `the annotation contains the unrendered template ${quote(template)}: ${quote(value)}`,
    `render the template before applying: ${noOther}`,
    excerptOf(value, template)
  )
}

function wrappingAround(value: string): Diagnosis | undefined {
  const corrected = value.replace(/[\s"'`\u200b\ufeff]+/gu, '')
  if (corrected === value || parseRoleArn(corrected) === undefined) return

  const found = /[\r\n]/.test(value)
    ? 'a line break'
    : /["'`]/.test(value)
      ? 'quotes as part of the value'
      : 'a space'
  return said(`the annotation contains ${found}: ${quote(value)}`, `write ${corrected}`)
}

const otherResources: Readonly<Record<string, string>> = {
  policy: 'a policy',
  user: 'a user',
  group: 'a group',
  'instance-profile': 'an instance profile',
  'assumed-role': 'an assumed-role session',
  'oidc-provider': 'an OIDC provider'
}

function otherResourceIn(value: string): Diagnosis | undefined {
  const [, partition, account, type = '', rest = ''] =
    /^arn:(aws[a-z0-9-]*):(?:iam|sts)::(\d*|aws):([a-z-]+)\/(.*)$/s.exec(value) ?? []
  const found = Object.hasOwn(otherResources, type) ? otherResources[type] : undefined
  if (found === undefined) return

  const message = `the annotation is the ARN of ${found}, not of a role: ${quote(value)}`
  const from = value.indexOf(`:${type}/`) + 1
  const excerpt = { text: value, from, to: from + type.length }
  const role = `arn:${partition}:iam::${account}:role/${rest.split('/')[0]}`
  if (type === 'assumed-role' && parseRoleArn(role) !== undefined)
    return said(message, `write ${role}, with the role's path if it has one`, excerpt)

  return said(message, noOther, excerpt)
}

function accountIn(value: string): Diagnosis | undefined {
  const [, before, account = '', after] = /^(arn:aws[a-z0-9-]*:iam::)([^:/]*)(:role\/.*)$/s.exec(value) ?? []
  if (before === undefined || /^\d{12}$/.test(account)) return
  const excerpt =
    account === '' ? undefined : { text: value, from: before.length, to: before.length + account.length }

  if (/^\d(?:\.\d+)?e\+?\d+$/i.test(account)) {
    // Helm renders numbers as float64 in their shortest exact form, so the account ID can be recovered.
    const digits = String(Number(account))
    const corrected = `${before}${digits}${after}`
    const fix = parseRoleArn(corrected) === undefined ? noOther : `write ${corrected}`
    return said(
      `the account ID was turned into a number while rendering: ${quote(account)} in ${quote(value)}`,
      `${fix}, and quote the account ID where it is set`,
      excerpt
    )
  }
  if (/^\d{11}$/.test(account)) {
    return said(
      `the account ID ${account} has 11 digits; expected 12: ${quote(value)}`,
      `if a leading zero was lost, write ${before}0${account}${after} and quote the account ID where it is set`,
      excerpt
    )
  }
  const undashed = `${before}${account.replaceAll('-', '')}${after}`
  if (/^\d{4}-\d{4}-\d{4}$/.test(account) && parseRoleArn(undashed) !== undefined) {
    return said(
      `the account ID ${quote(account)} contains dashes: ${quote(value)}`,
      `write ${undashed}`,
      excerpt
    )
  }
  const found = /^\d+$/.test(account)
    ? `has ${account.length} digit${account.length === 1 ? '' : 's'}; expected 12`
    : account === ''
      ? 'is missing'
      : 'is not a 12-digit number'

  return said(
    `the account ID ${account === '' ? '' : `${quote(account)} `}${found}: ${quote(value)}`,
    noOther,
    excerpt
  )
}

// Without a colon, an identity webhook with --compose-role-arn treats the value as a role name.
const isBareName = (value: string): boolean => /^[\w+=,.@/-]+$/.test(value)

function nameOnly(value: string): Diagnosis | undefined {
  if (!isBareName(value)) return
  if (/^\d(?:\.\d+)?e\+\d+$/i.test(value)) {
    // Only a warning, as for a role name below, because this value could also be a role name.
    return {
      ...said(`the annotation is a number that was rendered as ${quote(value)}`, noOther),
      atAdmission: 'warning'
    }
  }

  // With --compose-role-arn, the identity webhook builds the ARN itself (see its README), and irsa-guard may
  // be unable to read the webhook's flags.
  return {
    ...said(`the annotation is a role name, not an ARN: ${quote(value)}`, noOther),
    atAdmission: 'warning'
  }
}

function restOf(value: string): Diagnosis {
  const corrected = value.replace(/:+/g, ':').replace(/^(arn:aws[a-z0-9-]*:iam):/, '$1::')
  if (corrected !== value && parseRoleArn(corrected) !== undefined) {
    return said(`the ARN has too few or too many colons: ${quote(value)}`, `write ${corrected}`)
  }
  const respelt = value.replace(/^arn:aws[a-z0-9-]*:iam::\d{12}:roles?[:/]/i, (start) =>
    start.toLowerCase().replace(/roles?[:/]$/, 'role/')
  )
  if (respelt !== value && parseRoleArn(respelt) !== undefined) {
    return said(
      `this does not start like a role ARN: ${quote(value)}`,
      `write ${respelt}`,
      differenceIn(value, respelt)
    )
  }

  return said(`the annotation is not a role ARN: ${quote(value)}`, noOther)
}
