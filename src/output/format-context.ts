import type { Rule } from '../rules/define-rule.js'
import type { FailOn } from './exit-code.js'
import type { Style } from './style.js'

/** What a format can use besides the report. */
export interface FormatContext {
  /** The rules that were applied. */
  readonly rules: readonly Rule[]
  /** Used only for human-readable output. */
  readonly style: Style
  /** The lowest severity that makes the exit code 1. */
  readonly failOn: FailOn
  /** An error message for each input that could not be read. */
  readonly complaints: readonly string[]
  /** The absolute path of the directory that files are shown relative to. */
  readonly workingDirectory: string
  /** The number of files with objects, and how long the command took; used only for human-readable output. */
  readonly run?: RunSize | undefined
}

export interface RunSize {
  readonly files: number
  readonly seconds: number
}
