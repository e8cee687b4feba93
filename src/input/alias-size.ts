/**
 * Whether a document's aliases expand it so much that kubectl would not read it either. kubectl's YAML
 * library limits how many of the decoded values may come from aliases. Of up to 400,000 values, nearly all
 * may come from aliases; of 4,000,000 or more, only a tenth may (`allowedAliasRatio` in goyaml.v2's
 * decode.go, https://github.com/kubernetes-sigs/yaml).
 */
export function isAliasBomb(content: unknown): boolean {
  const sizes = new Map<object, number>()
  const size = sizeOf(content, sizes)
  if (size <= aliasAllowance) return false

  const written = [...sizes.keys()].reduce((sum, collection) => sum + Object.keys(collection).length, 1)
  const allowed = Math.max(0.1, 0.99 - (0.89 * (size - aliasAllowance)) / (manyAliases - aliasAllowance))

  return size - written > size * allowed
}

const aliasAllowance = 400_000
const manyAliases = 4_000_000

/**
 * The number of values with all aliases expanded. The YAML library lets aliases share one object, so no value
 * is visited twice.
 */
function sizeOf(value: unknown, sizes: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1
  const known = sizes.get(value)
  if (known !== undefined) return known

  let size = 1
  for (const member of Object.values(value)) size += sizeOf(member, sizes)
  sizes.set(value, size)

  return size
}
