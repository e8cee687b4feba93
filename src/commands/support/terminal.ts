/** Where a command reads and writes; tests pass their own. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}
