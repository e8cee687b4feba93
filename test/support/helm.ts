import { parseAllDocuments } from 'yaml'
import { findPrograms, helms } from '../control-plane/binaries.ts'
import { type Finished, run } from '../control-plane/run.ts'

/** The chart's folder. */
export const chart = 'charts/irsa-guard'

/** Runs one major version of Helm to its end. `folder` holds what Helm keeps between calls. */
export interface Helm {
  readonly name: (typeof helms)[number]
  run(args: readonly string[], input?: string): Promise<Finished>
}

/** Both major versions of Helm. They read no settings of the user. */
export async function findHelms(folder: string): Promise<readonly Helm[]> {
  const programs = await findPrograms([...helms])
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    HELM_CACHE_HOME: folder,
    HELM_CONFIG_HOME: folder,
    HELM_DATA_HOME: folder
  }

  return helms.map((name) => ({
    name,
    run: (args, input = '') => run(programs[name], [...args], { input, env })
  }))
}

/** An object of Kubernetes, of any kind. */
export interface KubeObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly [key: string]: unknown
}

/** The objects of a text in YAML, by kind, namespace and name. */
export const objectsOf = (yaml: string): ReadonlyMap<string, KubeObject> =>
  new Map(
    parseAllDocuments(yaml)
      .map((document) => document.toJS() as KubeObject | null)
      .filter((object) => object !== null)
      .map((object) => [keyOf(object), object])
  )

const keyOf = ({ kind, metadata: { namespace, name } }: KubeObject): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/')
