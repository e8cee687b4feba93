import { GuardError } from '../../model/guard-error.js'
import { type EarlierFinding, parseBaseline } from '../../output/baseline.js'
import { loadText } from './sources.js'

/** Reads the findings of an earlier JSON report. Throws ERR_INPUT if the file is not such a report. */
export async function loadBaseline(file: string): Promise<readonly EarlierFinding[]> {
  const findings = parseBaseline(await loadText(file, 'expected a JSON report'))
  if (findings !== undefined) return findings

  throw new GuardError(
    'ERR_INPUT',
    `--baseline ${file} is not a report of irsa-guard; expected a file that irsa-guard scan -o json=FILE wrote`
  )
}
