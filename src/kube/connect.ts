import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { GuardError } from '../model/guard-error.js'
import { closestTo } from '../text/closest.js'
import { reasonOf } from '../text/escape.js'
import { buildKubeClient, type KubeClient } from './client.js'

// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
const podToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** Where a kubeconfig comes from, and which of its contexts to use. */
interface ClusterChoice {
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}

/**
 * Finds the cluster as kubectl does, in this order: the given kubeconfig, `KUBECONFIG` (one or more files),
 * `~/.kube/config`, the pod's own token. Undefined if none of these exists. Throws ERR_KUBECONFIG if one
 * exists but cannot be used. Does not connect yet.
 */
export function findCluster(choice: ClusterChoice, environment: NodeJS.ProcessEnv): KubeClient | undefined {
  return withKubeconfig(choice, environment, (config) => {
    const { context } = choice
    if (context !== undefined) {
      const known = config.getContexts().map(({ name }) => name)
      if (!known.includes(context)) throw new Error(noContext(context, known))
      config.setCurrentContext(context)
    }

    return buildKubeClient(config)
  })
}

/**
 * The contexts of the kubeconfig that `findCluster` finds, and the current one. Undefined if there is no
 * kubeconfig; throws ERR_KUBECONFIG if it cannot be read.
 */
export const findContexts = (
  choice: Pick<ClusterChoice, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv
): { readonly current: string; readonly names: readonly string[] } | undefined =>
  withKubeconfig(choice, environment, (config) => ({
    current: config.getCurrentContext(),
    names: config.getContexts().map(({ name }) => name)
  }))

/** The kubeconfig files that the user or `KUBECONFIG` names, and the default file. */
function filesOf(
  { kubeconfig }: Pick<ClusterChoice, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv
): { readonly files: readonly string[]; readonly home: string } {
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')

  return {
    files: kubeconfig === undefined ? listed : [kubeconfig],
    home: join(environment['HOME'] ?? homedir(), '.kube', 'config')
  }
}

/** The existing kubeconfig files that `findCluster` reads; empty in a pod with its own token. */
export function kubeconfigFiles(
  choice: Pick<ClusterChoice, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv
): string[] {
  const { files, home } = filesOf(choice, environment)

  return (files.length > 0 ? files : [home]).filter((file) => existsSync(file))
}

function withKubeconfig<T>(
  choice: Pick<ClusterChoice, 'kubeconfig'>,
  environment: NodeJS.ProcessEnv,
  use: (config: KubeConfig) => T
): T | undefined {
  const config = new KubeConfig()
  const { files, home } = filesOf(choice, environment)
  try {
    if (files.length > 0) loadFiles(config, files)
    else if (existsSync(home)) config.loadFromFile(home)
    else if (environment['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(podToken))
      config.loadFromCluster()
    else return undefined

    return use(config)
  } catch (cause) {
    const [reason] = reasonOf(cause).split('\n') // the following lines quote the YAML
    throw new GuardError(
      'ERR_KUBECONFIG',
      `the kubeconfig ${files.length > 0 ? files.join(delimiter) : home} cannot be used: ${reason}`,
      {
        cause
      }
    )
  }
}

function noContext(context: string, known: readonly string[]): string {
  const meant = closestTo(context, known)

  return `it has no context ${JSON.stringify(context)}; ${
    meant === undefined
      ? `its contexts are ${known.map((name) => JSON.stringify(name)).join(', ')}`
      : `did you mean ${JSON.stringify(meant)}?`
  }`
}

/**
 * Merges several files into one: if two entries have the same name, the first one wins, and listed files that
 * do not exist are skipped.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
function loadFiles(config: KubeConfig, files: readonly string[]): void {
  const there = files.filter((file) => existsSync(file))
  const [first, ...others] = there
  if (first === undefined)
    throw new Error(files.length === 1 ? 'it does not exist' : 'none of these files exists')
  config.loadFromFile(first)
  for (const file of others) {
    const other = new KubeConfig()
    other.loadFromFile(file)
    addNew(config.clusters, other.clusters)
    addNew(config.users, other.users)
    addNew(config.contexts, other.contexts)
    config.currentContext ||= other.currentContext
  }
}

function addNew<T extends { readonly name: string }>(entries: T[], others: readonly T[]): void {
  const known = new Set(entries.map(({ name }) => name))
  entries.push(...others.filter(({ name }) => !known.has(name)))
}
