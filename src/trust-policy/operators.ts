import { BlockList, isIP } from 'node:net'

/** How a condition operator compares. The families differ in what they read as a value. */
export type Family = 'string' | 'arn' | 'number' | 'date' | 'boolean' | 'ip' | 'binary' | 'null'
export type Relation =
  'equals' | 'equals-ignore-case' | 'like' | 'less' | 'less-or-equal' | 'greater' | 'greater-or-equal'

/** A condition operator, taken apart. */
export interface Operator {
  readonly family: Family
  readonly relation: Relation
  readonly negated: boolean
  readonly ifExists: boolean
  readonly quantifier: 'all' | 'any' | undefined
  /** Whether it is spelt as documented; AWS does not say what it makes of another case. */
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
  ['ArnEquals', 'arn', 'like', false], // behaves as ArnLike, says the same page
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
      // Null with IfExists is refused: it would always be true.
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

const otherCase: ReadonlyMap<string, Operator> = new Map(
  [...operators].map(([name, operator]) => [name.toLowerCase(), { ...operator, asDocumented: false }])
)

/** Reads an operator's name, or returns undefined when IAM knows none of that name. Never throws. */
export const parseOperator = (name: string): Operator | undefined =>
  operators.get(name) ?? otherCase.get(name.toLowerCase())

/** Compares two numbers, or two moments in milliseconds. */
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
 * Reads a moment as Date operators do, in a W3C form of ISO 8601 or in seconds since 1970, as milliseconds;
 * or undefined.
 */
export function parseDate(text: string): number | undefined {
  if (/^-?\d{5,}(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (
    !/^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/.test(text)
  )
    return undefined
  const moment = Date.parse(
    text.includes('T') && /\d$/.test(text) && !/[+-]\d{2}:?\d{2}$/.test(text) ? `${text}Z` : text
  ) // without a zone: UTC

  return Number.isNaN(moment) ? undefined : moment
}

/**
 * Whether an address lies in a range (an address or CIDR, v4 or v6); undefined when one of them is neither.
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
