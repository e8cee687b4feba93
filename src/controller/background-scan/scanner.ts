import { setImmediate } from 'node:timers/promises'
import type { Sources } from '../../facts/facts.js'
import type { RuleSettings } from '../../model/rule-settings.js'
import type { ReportedFinding } from '../../output/report.js'
import { rules } from '../../rules/index.js'
import { exclusionAmong, judgeNamespace, type NamespaceContext } from '../../scan/judge-namespace.js'
import type { WatchedObjects } from '../../scan/watch-objects.js'
import { buildSharing } from '../../text/sharing.js'
import {
  changesBetween,
  type FindingChanges,
  findingsOf,
  type NamespaceFindings
} from './namespace-findings.js'

export interface ScannerOptions extends RuleSettings {
  readonly objects: WatchedObjects
  /** Reads the facts that do not come from the objects. */
  readonly readSources: () => Promise<Sources>
  /**
   * The time in milliseconds after which every namespace is judged again, because some rules depend on the
   * time.
   */
  readonly sweepEvery: number
  readonly now: () => Date
  /** Ends a scan with an error. */
  readonly signal: AbortSignal
}

/** Judges the namespaces of a cluster whose objects, or whose facts from AWS, have changed. */
export interface Scanner {
  /** Notes that a namespace has to be judged again; without a name, every namespace. */
  note(namespace: string | undefined): void
  /** Judges the noted namespaces. `isSweep` is true if the scan covered all namespaces. */
  scan(): Promise<FindingChanges & { readonly isSweep: boolean }>
  /** Takes over findings from an earlier process, so that they keep their `since`. */
  adopt(namespace: string, findings: readonly ReportedFinding[]): void
  readonly namespaces: ReadonlyMap<string, NamespaceFindings>
  /** The findings about webhook configurations that depend on pods. The bundle round reports the others. */
  readonly configurationFindings: readonly ReportedFinding[]
}

/** The context of a scan of several namespaces. */
interface ScanContext extends NamespaceContext {
  readonly share: <T>(value: T) => T
}

export function buildScanner({
  objects,
  readSources,
  sweepEvery,
  now,
  signal,
  ...settings
}: ScannerOptions): Scanner {
  const namespaces = new Map<string, NamespaceFindings>()
  let dirty = new Set<string>()
  let isAllDirty = true
  let sweptAt = -Infinity
  let configurationFindings: readonly ReportedFinding[] = []

  async function scan(): Promise<FindingChanges & { isSweep: boolean }> {
    const at = now()
    const isSweep = isAllDirty || at.getTime() - sweptAt >= sweepEvery
    const existing = objects.namespaceNames()
    const names = isSweep ? new Set([...existing, ...namespaces.keys()]) : dirty
    dirty = new Set()
    isAllDirty = false
    const isWhole = !objects.unread.some(({ collection }) => collection.isNamespaced)
    const context = {
      ...settings,
      sources: await readSources(),
      isWhole,
      isExcluded: exclusionAmong([...objects.listed('mutatingwebhookconfigurations')]),
      at,
      share: buildSharing()
    }
    const changes: FindingChanges[] = []
    try {
      for (const name of names) {
        changes.push(await scanNamespace(name, context))
        await setImmediate() // gives watches and health checks time to run
        signal.throwIfAborted()
      }
      if (isSweep) changes.push(await scanConfigurations(context))
    } catch (error) {
      isAllDirty = true
      throw error
    }
    if (isSweep) sweptAt = at.getTime()

    return {
      isSweep,
      appeared: changes.flatMap(({ appeared }) => appeared),
      gone: changes.flatMap(({ gone }) => gone)
    }
  }

  async function scanNamespace(name: string, context: ScanContext): Promise<FindingChanges> {
    const before = namespaces.get(name)?.findings ?? []
    const there = objects.objectsIn(name)
    if (there.length === 0) {
      namespaces.delete(name)
      return { appeared: [], gone: before }
    }
    const found = findingsOf(await judgeNamespace(there, context), before, context.at, context.share)
    namespaces.set(name, found)

    return changesBetween(before, found.findings)
  }

  async function scanConfigurations(context: ScanContext): Promise<FindingChanges> {
    const configurations = [
      ...objects.listed('mutatingwebhookconfigurations'),
      ...objects.listed('validatingwebhookconfigurations')
    ]
    const pods = [...namespaces.values()].flatMap(({ pods }) => pods)
    const judged = await judgeNamespace(configurations, {
      ...context,
      sources: { ...context.sources, pods }
    })
    const before = configurationFindings
    const { findings } = findingsOf(judged, before, context.at, context.share)
    configurationFindings = findings.filter(({ rule }) => rulesAboutPods.has(rule))

    return changesBetween(before, configurationFindings)
  }

  return {
    note: (namespace) => {
      if (namespace === undefined) isAllDirty = true
      else dirty.add(namespace)
    },
    scan,
    adopt: (namespace, findings) => {
      if (!namespaces.has(namespace)) namespaces.set(namespace, { findings, judged: 0, passed: 0, pods: [] })
    },
    namespaces,
    get configurationFindings() {
      return configurationFindings
    }
  }
}

const rulesAboutPods: ReadonlySet<string> = new Set(
  rules.filter(({ needs }) => needs.includes('podsWithRole')).map(({ id }) => id)
)
