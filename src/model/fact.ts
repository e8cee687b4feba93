/** A fact: a known answer, a moot question, or the reason why the answer is unknown. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T; readonly readAt?: Date }
  | { readonly state: 'moot'; readonly because: string }
  | { readonly state: 'unknown'; readonly because: string }

/** The answer is known. */
export const known = <T>(value: T, readAt?: Date): Extract<Fact<T>, { state: 'known' }> =>
  readAt === undefined ? { state: 'known', value } : { state: 'known', value, readAt }

/** The question does not arise, so rules that need the answer report nothing. */
export const moot = (because: string): Fact<never> => ({ state: 'moot', because })

/** The answer is unknown, so rules that need it are reported as not checked. */
export const unknown = (because: string): Extract<Fact<never>, { state: 'unknown' }> => ({
  state: 'unknown',
  because
})
