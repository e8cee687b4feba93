/** Where `npm run build` and `npm run bundle` write the product. */
export const dist = new URL('../../dist/', import.meta.url)

/**
 * Loads a built module. The caller casts it to the type of its source file: `(await load('review.js')) as
 * typeof import('../../src/review.js')`.
 */
export const load = async (path: string): Promise<unknown> => import(new URL(path, dist).href)
