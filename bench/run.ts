import { parseArgs } from 'node:util'
import { check } from './rows/check.ts'
import { controllerScan } from './rows/controller-scan.ts'
import { hostile } from './rows/hostile.ts'
import { memory } from './rows/memory.ts'
import { pod } from './rows/pod.ts'
import { podIdentity } from './rows/pod-identity.ts'
import { rate } from './rows/rate.ts'
import { report } from './rows/report.ts'
import { review, reviewAssociated } from './rows/review.ts'
import { rotation } from './rows/rotation.ts'
import { scan } from './rows/scan.ts'
import { scanLive } from './rows/scan-live.ts'
import { start } from './rows/start.ts'
import { tls } from './rows/tls.ts'
import { trust } from './rows/trust.ts'
import type { Comparison, Row } from './support/row.ts'
import { isFailure, tableOf } from './support/table.ts'

const rows: Readonly<Record<string, Row>> = {
  review,
  pod,
  'review-associated': reviewAssociated,
  rate,
  memory,
  start,
  check,
  scan,
  'scan-live': scanLive,
  'controller-scan': controllerScan,
  trust,
  'pod-identity': podIdentity,
  tls,
  rotation,
  report,
  hostile
}

/** Rows that take many minutes, and run only if they are named. */
const slow: readonly string[] = ['scan-live', 'controller-scan']

const { values, positionals } = readArguments()
const effort = values.quick ? { rounds: 3, scale: 0.2 } : { rounds: 11, scale: 1 }
const unknown = positionals.filter((name) => !(name in rows))
if (unknown.length > 0) {
  process.stderr.write(`unknown row ${unknown.join(', ')}; expected ${Object.keys(rows).join(', ')}\n`)
  process.exit(2)
}

const comparisons: Comparison[] = []
for (const [name, row] of Object.entries(rows)) {
  if (positionals.length > 0 ? !positionals.includes(name) : slow.includes(name)) continue
  process.stderr.write(`measuring ${name} …\n`)
  comparisons.push(...(await row(effort)))
}
process.stdout.write(`${tableOf(comparisons)}\n`)
process.exitCode = comparisons.some(isFailure) ? 1 : 0

function readArguments(): { values: { quick: boolean }; positionals: string[] } {
  try {
    return parseArgs({ options: { quick: { type: 'boolean', default: false } }, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // parseArgs throws a TypeError for unknown options
    process.stderr.write(
      `${error.message.split('. ')[0]}; expected --quick or the rows ${Object.keys(rows).join(', ')}\n`
    )
    process.exit(2)
  }
}
