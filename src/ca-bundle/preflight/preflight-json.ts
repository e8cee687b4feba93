import { type CertificateDescription, descriptionOf } from '../../x509/describe.js'
import { formatTime } from '../../x509/time.js'
import { nextStepOf } from '../next-step.js'
import type { RotationPhase } from '../rotation.js'
import type { Preflight } from './preflight.js'
import { rotationLineOf } from './rotation-line.js'
import type { PreflightRow, PreflightState, PreflightStep } from './row.js'

/** What `ca --preflight -o json` prints. */
export interface PreflightJson {
  readonly apiVersion: 'irsa-guard.io/v1'
  readonly kind: 'Preflight'
  readonly rotation: {
    readonly phase: RotationPhase
    readonly summary: string
    readonly trusted: readonly CertificateDescription[]
    /** The CAs that sign now; a bundle needs one from each list. Empty if unknown. */
    readonly signing: readonly (readonly CertificateDescription[])[]
    readonly next?: {
      readonly step: 'append' | 'activation' | 'deletion'
      readonly ca: CertificateDescription
      readonly at?: string
    }
  }
  readonly rows: readonly PreflightRow[]
  readonly steps: readonly PreflightStep[]
  readonly summary: Readonly<Record<PreflightState, number>>
}

/** A preflight for machines. */
export function preflightJsonOf({ rotation, rows, steps }: Preflight, at: Date): PreflightJson {
  const next = nextStepOf(rotation, at)
  const count = (state: PreflightState): number => rows.filter((row) => row.state === state).length

  return {
    apiVersion: 'irsa-guard.io/v1',
    kind: 'Preflight',
    rotation: {
      phase: rotation.phase,
      summary: rotationLineOf(rotation, at),
      trusted: rotation.trusted.map(descriptionOf),
      signing: rotation.signers.map((choice) => choice.map(descriptionOf)),
      ...(next && {
        next: {
          step: next.step,
          ca: descriptionOf(next.ca),
          ...(next.at && { at: formatTime(next.at.getTime()) })
        }
      })
    },
    rows,
    steps,
    summary: { ok: count('ok'), lacks: count('lacks'), unknown: count('unknown') }
  }
}
