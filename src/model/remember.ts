/** Remembers the last answer of a pure function, for arguments that are asked about again and again before the next one comes. */
export function rememberLast<A extends string, R>(answer: (argument: A) => R): (argument: A) => R {
  let last: { argument: A; answer: R } | undefined

  return (argument) => {
    if (last?.argument !== argument) last = { argument, answer: answer(argument) }
    return last.answer
  }
}
