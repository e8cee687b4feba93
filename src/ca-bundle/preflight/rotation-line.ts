import { describeRotation } from '../next-step.js'
import type { Rotation, RotationPhase } from '../rotation.js'

/** The phase, which CA signs now, which one is next and when, and whether a rollback is possible. */
export function rotationLineOf(rotation: Rotation, at: Date): string {
  const { phase, trusted } = rotation
  if (trusted.length === 0) return 'the cluster CA is unknown'
  const described = describeRotation(rotation, at) ?? 'there is no rotation'

  return [`${phases[phase]}: ${described}`, ...rollbackOf(phase)].join('; ')
}

const phases: Readonly<Record<RotationPhase, string>> = {
  one: 'one CA',
  appended: 'successor being distributed',
  'append-failed': 'successor failed',
  dual: 'dual trust',
  activating: 'activation in progress',
  activated: 'activated',
  'rolled-back': 'rolled back',
  settled: 'settled',
  retired: 'one CA',
  several: 'several CAs'
}

/** Whether a rollback is possible; empty if the description of the phase already says so. */
function rollbackOf(phase: RotationPhase): string[] {
  switch (phase) {
    case 'activated':
    case 'one':
    case 'retired':
      return []
    case 'activating':
    case 'several':
      return ['it is unknown whether a rollback is possible']
    case 'settled':
      return ['a rollback is no longer possible']
    default:
      return ['there is nothing to roll back']
  }
}
