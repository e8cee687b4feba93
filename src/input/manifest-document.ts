/** One document in a file: its content and the line of each field, or why it could not be parsed. */
export type ManifestDocument =
  | {
      readonly content: unknown
      /**
       * The line of a field, or of its nearest parent in the file. The empty path means the document itself.
       */
      readonly lineOf: (path: readonly string[]) => number
    }
  | { readonly line: number; readonly message: string }
