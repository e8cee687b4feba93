import { randomFrom } from '../support/mutations.js'
import { reviewSeeds, type Tree } from './review-seeds.js'

/** A review to send. */
export interface MutatedReview {
  readonly text: string
  /** Whether only the object and its old version were changed, so the review must be judged. */
  readonly isReview: boolean
}

type Random = (below: number) => number

// A container of JSON and one of its keys or indices.
type Slot = readonly [Tree, string]

/**
 * Makes a review of its own from each pair of numbers, and always the same one. Most changes keep the structure of
 * a review: they are made to the values of the object, not to the text.
 */
export function mutatedReviewOf(seed: number, index: number): MutatedReview {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) + index)
  const review = seedOf(random)
  let isReview = true
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const request = review['request'] as Tree // each seed has one, and `review` itself is not changed before the last step
    if (random(20) === 0) {
      mutate(slotsOf(request), random)
      isReview = false
    } else
      mutate(
        ['object', 'oldObject'].flatMap((key) => innerSlotsOf(request[key])),
        random
      )
  }
  if (random(100) === 0) {
    mutate(slotsOf(review), random)
    isReview = false
  }
  const text = rawTokens.reduce(
    (before, token) => before.replaceAll(JSON.stringify(`raw ${token}`), token),
    JSON.stringify(review)
  )

  return random(25) > 0 ? { text, isReview } : { text: mutateText(text, random), isReview: false }
}

// An API server takes no larger object. A review has two: the object and its old version.
const largest = 3 * 1024 * 1024

// JSON that no JavaScript value is written as.
const rawTokens = [
  '1e999',
  '-0',
  '1E-400',
  '123456789012345678901234567890',
  '{"a":1,"a":2}',
  '"\\ud800"',
  '"\\u0000"'
]

const pick = <T>(list: readonly T[], random: Random): T => list[random(list.length)] as T // the lists are not empty

/** Every slot below an object, but the object's own kind, without which a review is malformed. */
function innerSlotsOf(object: unknown): Slot[] {
  return isTree(object) ? slotsOf(object).filter(([parent, key]) => parent !== object || key !== 'kind') : []
}

const seedOf = (random: Random): Tree => JSON.parse(pick(reviewSeeds, random)) as Tree // each is an object

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null

function slotsOf(root: Tree): Slot[] {
  const slots: Slot[] = []
  const open: Tree[] = [root]
  for (let tree = open.pop(); tree !== undefined && slots.length < 1000; tree = open.pop())
    for (const [key, value] of Object.entries(tree)) {
      slots.push([tree, key])
      if (isTree(value)) open.push(value)
    }

  return slots
}

function mutate(slots: readonly Slot[], random: Random): void {
  if (slots.length > 0) pick(mutations, random)(pick(slots, random), random, slots)
}

const mutations: readonly ((slot: Slot, random: Random, slots: readonly Slot[]) => void)[] = [
  ([tree, key], random) => set(tree, key, structuredClone(pick(oddValues, random))),
  ([tree, key]) => {
    if (Array.isArray(tree)) tree.splice(Number(key), 1)
    else Reflect.deleteProperty(tree, key)
  },
  ([tree, key], random) => {
    if (Array.isArray(tree)) return
    const value = tree[key]
    Reflect.deleteProperty(tree, key)
    set(tree, random(2) === 0 ? pick(oddKeys, random) : editString(key, random), value)
  },
  ...Array.from({ length: 4 }, () => ([tree, key]: Slot, random: Random): void => {
    const value = tree[key]
    set(tree, key, typeof value === 'string' ? editString(value, random) : pick(oddStrings, random))
  }),
  ([tree, key], random, slots) => {
    const [other, otherKey] = pick(slots, random)
    set(tree, key, structuredClone(other[otherKey]))
  },
  ([tree, key], random) => {
    const [other, otherKey] = pick(slotsOf(seedOf(random)), random)
    set(tree, key, other[otherKey])
  },
  ([tree, key], random) => {
    const value = tree[key]
    const count = pick([0, 1, 2, 2, 3, 3, 30, 300], random)
    if (count * JSON.stringify(value).length > largest / 4) return
    const list: unknown[] = Array.isArray(value) ? value : [value]
    set(
      tree,
      key,
      Array.from({ length: list.length * count }, (_, index) => structuredClone(list[index % list.length]))
    )
  },
  ([tree, key], random) => {
    let value = tree[key]
    for (let depth = pick([1, 2, 30, 300], random); depth > 0; depth--)
      value = random(2) === 0 ? [value] : { [pick(oddKeys, random)]: value }
    set(tree, key, value)
  },
  ([tree, key], random) => {
    const value = tree[key]
    if (!isTree(value) || Array.isArray(value)) return
    for (let count = pick([1, 10, 300], random); count > 0; count--)
      set(value, `${pick(oddKeys, random)}${count}`, structuredClone(pick(oddValues, random)))
  }
]

/** Sets an own property, also one named `__proto__`, as JSON.parse does. */
function set(tree: Tree, key: string, value: unknown): void {
  Object.defineProperty(tree, key, { value, writable: true, enumerable: true, configurable: true })
}

function editString(text: string, random: Random): string {
  const at = random(text.length + 1)
  switch (random(8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + random(8))
    case 1:
      return text.slice(0, at) + pick(oddStrings, random) + text.slice(at)
    case 2:
      return text.slice(0, at) + String.fromCharCode(random(random(2) === 0 ? 128 : 65_536)) + text.slice(at)
    case 3:
      return text.toUpperCase()
    case 4:
      return text.length > 1000 ? '' : text.repeat(pick([0, 2, 5, 400], random))
    case 5:
      return text.slice(at) + text.slice(0, at)
    case 6:
      return `${text}${pick([' ', '\n', '/', ',', '"', '*', '\u0000', '\u200b'], random)}`
    default:
      return pick(oddStrings, random)
  }
}

const oddKeys = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'then', 'toJSON', '', ' ', '0'],
  ...['eks.amazonaws.com/role-arn', 'eks.amazonaws.com/audience', 'eks.amazonaws.com/skip-containers'],
  ...['ignore.irsa-guard.io/', 'ignore.irsa-guard.io/role-missing', 'irsa-guard.io/mode'],
  ...['name', 'namespace', 'metadata', 'annotations', 'labels', 'spec', 'containers', 'env', 'volumes'],
  ...['webhooks', 'clientConfig', 'caBundle', 'serviceAccountName', 'template', 'jobTemplate', 'generateName']
]

const oddStrings = [
  ...['', ' ', '*', '?', '${aws:username}', '{{ .Values.role }}', '$(ROLE)', '<role>', '%s', '\\', '"', "'"],
  ...['\u0000', '\r\n', '\u001b[31m', '\u202e', '\ufeff', '\ud800', '\udfff', '💥', 'é'.repeat(300)],
  ...['arn:', 'arn:aws:iam::111122223333:role/', 'arn:aws:iam::111122223333:role/cart', 'arn:aws-cn:iam::'],
  ...['true', 'null', '0', '-1', '1e9', '99999999999999999999', 'NaN', 'until 2027-01-31: x', 'until '],
  ...['system:serviceaccount:shop:cart', 'sts.amazonaws.com', '/var/run/secrets/', '../../', 'a,b,"c', ',,,'],
  ...[
    '-----BEGIN CERTIFICATE-----\n',
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t',
    'Cg==',
    'https://[::1]:0/',
    'x'
  ],
  ...['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'a'.repeat(70_000)]
]

const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, [], {}, [[]], [null], { a: null }, '', 'x'],
  ...rawTokens.map((token) => `raw ${token}`),
  ...oddStrings
]

/** Changes that leave the structure: bytes that are missing, foreign or there twice. */
function mutateText(text: string, random: Random): string {
  const at = random(text.length + 1)
  switch (random(5)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random(20))
    case 2:
      return text.slice(0, at) + pick(['{', '[', '"', ',', ':', '\\', '\u0000', '0'], random) + text.slice(at)
    case 3:
      return text.replace('{', `{${JSON.stringify(pick(oddKeys, random))}:${pick(rawTokens, random)},`)
    default:
      return pick(['', '[]', 'null', '"x"', '7', '\ufeff', '['.repeat(6000), '{"a":'.repeat(4000)], random)
  }
}
