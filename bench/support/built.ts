/** Where `npm run build` and `npm run bundle` write the product. */
export const dist = new URL('../../dist/', import.meta.url)

/**
 * Loads a built module; the caller names its source as the type: `(await load('review.js')) as typeof
 * import('../../src/review.js')`.
 */
export const load = async (path: string): Promise<unknown> => import(new URL(path, dist).href)
