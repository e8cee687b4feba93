/** A fact: the answer, that the question does not arise, or why there is no answer. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T; readonly readAt?: Date }
  | { readonly state: 'moot'; readonly because: string }
  | { readonly state: 'unknown'; readonly because: string }

/** An answer. */
export const known = <T>(value: T, readAt?: Date): Extract<Fact<T>, { state: 'known' }> =>
  readAt === undefined ? { state: 'known', value } : { state: 'known', value, readAt }

/** The question does not arise, so rules that need the answer have nothing to say. */
export const moot = (because: string): Fact<never> => ({ state: 'moot', because })

/** There is no answer: rules that need it are reported as not checked. */
export const unknown = (because: string): Extract<Fact<never>, { state: 'unknown' }> => ({
  state: 'unknown',
  because
})
