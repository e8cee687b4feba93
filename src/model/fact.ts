/** What we learned: the answer, that the question does not arise, or why nobody answered. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T }
  | { readonly state: 'moot'; readonly because: string }
  | { readonly state: 'unknown'; readonly because: string }

/** An answer. */
export const known = <T>(value: T): Fact<T> => ({ state: 'known', value })

/** The question does not arise, so rules that need the answer have nothing to say. */
export const moot = (because: string): Fact<never> => ({ state: 'moot', because })

/** Nobody answered: rules that need the answer are listed as unchecked. */
export const unknown = (because: string): Fact<never> => ({ state: 'unknown', because })
