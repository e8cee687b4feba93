import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface OracleQuestion {
  readonly bundle: Buffer
  /** The DER of each certificate that the server sends; without it, only the bundle is parsed. */
  readonly chain?: readonly Buffer[]
  readonly host?: string
  readonly at?: Date
}

export interface OracleAnswer {
  readonly certificates: readonly string[]
  readonly error: string
}

/**
 * Builds the Go program in test/x509/oracle; undefined if Go is not installed. The environment variable
 * `ORACLE` can name a program that has already been built.
 */
export function buildOracle(): ((questions: readonly OracleQuestion[]) => OracleAnswer[]) | undefined {
  let program = process.env['ORACLE']
  if (program === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'irsa-guard-oracle-'))
    process.once('exit', () => rmSync(folder, { recursive: true }))
    program = join(folder, 'oracle')
    try {
      execFileSync('go', ['build', '-o', program, '.'], {
        cwd: new URL('../x509/oracle', import.meta.url),
        stdio: ['ignore', 'ignore', 'inherit']
      })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
  const file = program

  return (questions) => {
    const input = questions.map(({ bundle, chain, host = '', at = new Date(0) }) =>
      JSON.stringify({
        bundle: bundle.toString('base64'),
        ...(chain && { chain: chain.map((der) => der.toString('base64')) }),
        host,
        at
      })
    )
    const output = execFileSync(file, {
      input: `${input.join('\n')}\n`,
      maxBuffer: 2 ** 30,
      encoding: 'utf8'
    })

    return output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as OracleAnswer) // the program's own output type
  }
}
