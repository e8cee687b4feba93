import { pino } from 'pino'
import { controller } from '../../src/commands/controller.js'
import { serve } from '../../src/commands/serve.js'
import type { Sources } from '../../src/facts/facts.js'
import type { GuardProcess, RunningProcess } from '../control-plane/guard.ts'

/**
 * Runs `serve` or `controller` inside the test's own process, so that the coverage includes the command. `sources`
 * are added to those of its configuration. The controller scans while less than `heapShare` of the heap is in use.
 */
export async function runInProcess(
  { name, config, kubeconfig, env }: GuardProcess,
  sources?: Sources,
  heapShare?: number
): Promise<RunningProcess> {
  let output = ''
  const log = pino({}, { write: (line: string) => (output = (output + line).slice(-100_000)) })
  const options = { config, kubeconfig, iam: [] }
  const running =
    name === 'serve'
      ? await serve(options, { environment: env, log, drain: 1000, sources })
      : await controller(options, { environment: env, log, sources, heapShare })

  return { output: () => output, stop: () => running.close() }
}
