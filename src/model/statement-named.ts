/** A statement in a message. People count from one; the indexes of judgements and JSON start at zero. */
export const statementNamed = (index: number | undefined): string => `statement ${(index ?? 0) + 1}`
