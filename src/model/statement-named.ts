/**
 * How a message names a statement, such as `statement 1`. People count from one; the indexes in judgements
 * and in JSON start at zero.
 */
export const statementNamed = (index: number | undefined): string => `statement ${(index ?? 0) + 1}`
