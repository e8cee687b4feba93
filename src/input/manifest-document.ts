/** A document of a file: what it says and where, or why it could not be read. */
export type ManifestDocument =
  | {
      readonly content: unknown
      /**
       * The line of a field (of the document itself: no path), or of the nearest thing around it that stands
       * in the file.
       */
      readonly lineOf: (path: readonly string[]) => number
    }
  | { readonly line: number; readonly message: string }
