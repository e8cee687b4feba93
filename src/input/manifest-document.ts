/** A document of a file: its content and positions, or why it could not be parsed. */
export type ManifestDocument =
  | {
      readonly content: unknown
      /** The line of a field (of the document itself: no path), or of its nearest parent in the file. */
      readonly lineOf: (path: readonly string[]) => number
    }
  | { readonly line: number; readonly message: string }
