import { BlockList, isIP } from 'node:net'

/** How a condition operator compares values. Each family reads a different type of value. */
export type Family = 'string' | 'arn' | 'number' | 'date' | 'boolean' | 'ip' | 'binary' | 'null'
export type Relation =
  'equals' | 'equals-ignore-case' | 'like' | 'less' | 'less-or-equal' | 'greater' | 'greater-or-equal'

/** The parts of a condition operator. */
export interface Operator {
  readonly family: Family
  readonly relation: Relation
  readonly negated: boolean
  readonly ifExists: boolean
  readonly quantifier: 'all' | 'any' | undefined
  /**
   * Whether the operator is spelled as documented. AWS does not document how IAM treats other
   * capitalizations.
   */
  readonly asDocumented: boolean
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
const plain: readonly (readonly [string, Family, Relation, boolean])[] = [
  ['StringEquals', 'string', 'equals', false],
  ['StringNotEquals', 'string', 'equals', true],
  ['StringEqualsIgnoreCase', 'string', 'equals-ignore-case', false],
  ['StringNotEqualsIgnoreCase', 'string', 'equals-ignore-case', true],
  ['StringLike', 'string', 'like', false],
  ['StringNotLike', 'string', 'like', true],
  ['ArnEquals', 'arn', 'like', false], // behaves like ArnLike, according to the same page
  ['ArnLike', 'arn', 'like', false],
  ['ArnNotEquals', 'arn', 'like', true],
  ['ArnNotLike', 'arn', 'like', true],
  ...(['Numeric', 'Date'] as const).flatMap((type) => {
    const family = type === 'Date' ? 'date' : 'number'
    return [
      [`${type}Equals`, family, 'equals', false],
      [`${type}NotEquals`, family, 'equals', true],
      [`${type}LessThan`, family, 'less', false],
      [`${type}LessThanEquals`, family, 'less-or-equal', false],
      [`${type}GreaterThan`, family, 'greater', false],
      [`${type}GreaterThanEquals`, family, 'greater-or-equal', false]
    ] as const
  }),
  ['Bool', 'boolean', 'equals', false],
  ['BinaryEquals', 'binary', 'equals', false],
  ['IpAddress', 'ip', 'equals', false],
  ['NotIpAddress', 'ip', 'equals', true],
  ['Null', 'null', 'equals', false]
]

const operators: ReadonlyMap<string, Operator> = new Map(
  plain.flatMap(([name, family, relation, negated]) =>
    (['', 'ForAllValues:', 'ForAnyValue:'] as const).flatMap((set) =>
      // IAM rejects Null with IfExists, which would always be true.
      (family === 'null' ? [''] : ['', 'IfExists']).map((suffix): [string, Operator] => [
        `${set}${name}${suffix}`,
        {
          family,
          relation,
          negated,
          ifExists: suffix !== '',
          quantifier: set === '' ? undefined : set === 'ForAllValues:' ? 'all' : 'any',
          asDocumented: true
        }
      ])
    )
  )
)

/** The names of all operators, as documented. */
export const operatorNames: readonly string[] = [...operators.keys()]

const otherCase: ReadonlyMap<string, Operator> = new Map(
  [...operators].map(([name, operator]) => [name.toLowerCase(), { ...operator, asDocumented: false }])
)

/** Parses an operator's name, or returns undefined if IAM has no operator with that name. Never throws. */
export const parseOperator = (name: string): Operator | undefined =>
  operators.get(name) ?? otherCase.get(name.toLowerCase())

/** Compares two numbers, or two times in milliseconds. */
export function holds(relation: Relation, actual: number, wanted: number): boolean {
  if (relation === 'less') return actual < wanted
  if (relation === 'less-or-equal') return actual <= wanted
  if (relation === 'greater') return actual > wanted
  if (relation === 'greater-or-equal') return actual >= wanted

  return actual === wanted
}

/** Reads a number as Numeric operators do, or returns undefined. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/**
 * Reads a time as Date operators do, in a W3C form of ISO 8601 or in seconds since 1970. Returns
 * milliseconds, or undefined if it is neither.
 */
export function parseDate(text: string): number | undefined {
  if (/^-?\d{5,}(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (
    !/^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/.test(text)
  )
    return undefined
  const moment = Date.parse(
    text.includes('T') && /\d$/.test(text) && !/[+-]\d{2}:?\d{2}$/.test(text) ? `${text}Z` : text
  ) // UTC if there is no time zone

  return Number.isNaN(moment) ? undefined : moment
}

/**
 * Whether an IP address is in a range (an address or a CIDR, IPv4 or IPv6); undefined if one of them is
 * invalid.
 */
export function isInRange(address: string, range: string): boolean | undefined {
  const [network = '', bits, ...rest] = range.split('/')
  const version = isIP(network)
  const most = version === 4 ? 32 : 128
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : most + 1
  if (isIP(address) === 0 || version === 0 || prefix > most || rest.length > 0) return undefined
  if (isIP(address) !== version) return false

  const list = new BlockList()
  list.addSubnet(network, prefix, version === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a condition key, in lower case, is the time of the request. */
export const isTimeKey = (key: string): boolean => key === 'aws:currenttime' || key === 'aws:epochtime'
