import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { Sources } from '../../src/facts/facts.js'
import { parseManifest } from '../../src/input/manifests.js'
import { known } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { review } from '../../src/review.js'
import { loadSnapshots } from '../../src/sources/iam-file/snapshot.js'
import { buildObjectSources } from '../../src/sources/objects/objects.js'
import { isRecord, recordOf, textOf } from '../../src/text/record.js'
import { patchOf, type Pod } from '../support/identity-webhook-patch.js'

// The charts of test/field/charts at admission, in namespaces that enforce everything: neither their objects
// nor the pods that their controllers create are denied, even if an injector such as Istio or Vault adds a
// container after the identity webhook.

const directory = 'test/field/charts'
const files = readdirSync(directory).filter(
  (file) => file.endsWith('.yaml') && !existsSync(`${directory}/${file.replace(/yaml$/, 'json')}`)
)
const snapshot = loadSnapshots([
  { file: 'iam.json', content: JSON.parse(readFileSync(`${directory}/iam.json`, 'utf8')) as unknown }
])
const objects = files.flatMap((file) =>
  parseManifest(file, readFileSync(`${directory}/${file}`, 'utf8')).objects.map(({ object }) => object)
)
const together = buildObjectSources(
  objects.flatMap((object) => parseSubject(object, { stage: 'source' }) ?? []),
  objects
)
/** The sources that `serve` has: no neighbours and no files, only the cluster and IAM. */
const sources: Sources = {
  ...snapshot,
  accounts: together.accounts,
  namespaces: {
    readNamespace: () => known({ mode: 'enforce' as const, podsEnforced: true, allowedRoles: undefined })
  }
}

/** The webhook's answer: first whether it allows the object, then a line for each finding. */
async function admit(object: unknown): Promise<string[]> {
  const subject = parseSubject(object, { stage: 'admitted' })
  if (subject === undefined) return ['allowed']

  const { allowed, findings } = await review(subject, {
    sources,
    mode: 'enforce',
    at: new Date(),
    deadline: new AbortController()
  })
  return [allowed ? 'allowed' : 'denied', ...findings.map(({ severity, rule }) => `${severity} ${rule}`)]
}

const named = (object: unknown): string => {
  const { kind, metadata } = recordOf(object)
  const { namespace, name, generateName } = recordOf(metadata)

  return `${textOf(kind) ?? ''} ${[namespace, name ?? generateName].filter((part) => textOf(part)).join('/')}`
}

/** The pods that a controller creates from an object's templates, before any mutation. */
function podsOf(object: Readonly<Record<string, unknown>>): (Pod & Record<string, unknown>)[] {
  const { namespace, name } = recordOf(object['metadata'])
  const found: (Pod & Record<string, unknown>)[] = []
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (isRecord(value) && Array.isArray(recordOf(value['spec'])['containers'])) {
      const template = structuredClone(value) as unknown as Pod
      found.push({
        ...template,
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name: `${textOf(name) ?? 'generated'}-x7k2p`, namespace } as never
      })
      return
    }
    for (const member of Object.values(value)) search(member)
  }
  if (object['kind'] !== 'Pod') search(object['spec'])

  return found
}

/** The pod after the identity webhook has mutated it. */
function mutated(pod: Pod & Record<string, unknown>): Pod & Record<string, unknown> {
  const account = together.accounts.readAccount(
    String(recordOf(pod['metadata'])['namespace']),
    pod.spec.serviceAccountName ?? 'default',
    new AbortController()
  )
  if ('then' in account || account.state !== 'known' || !account.value.exists) return pod
  const patch = patchOf(pod, account.value.annotations as Record<string, string>, {
    region: 'us-east-1',
    regionalSts: true
  })
  const spec: Record<string, unknown> = { ...pod.spec }
  for (const { path, value } of (patch ?? []) as { path: string; value: unknown }[]) {
    const [, , field = '', index] = path.split('/')
    spec[field] = index === undefined ? value : [value, ...((spec[field] ?? []) as unknown[])]
  }

  return { ...pod, spec: spec as unknown as Pod['spec'] }
}

/**
 * The positions at which injectors add their containers.
 * https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
 */
const injections: Readonly<Record<string, (spec: Pod['spec']) => Pod['spec']>> = {
  'no injector': (spec) => spec,
  'a container at the end': (spec) => ({
    ...spec,
    containers: [...spec.containers, { name: 'late', volumeMounts: [] }]
  }),
  'a native sidecar at the beginning': (spec) => ({
    ...spec,
    initContainers: [{ name: 'late' }, ...(spec.initContainers ?? [])]
  })
}

/** Expected findings about pods that work, by the object that creates the pods. */
const expected: ReadonlyMap<string, readonly string[]> = new Map([
  // The Docker daemon intentionally gets no role.
  ['AutoscalingRunnerSet arc-runners/deploy', ['info mutation-skipped']],
  // The proxy intentionally gets no role. With Istio's CNI plugin, there is no istio-init, so skip-containers
  // may name a container that the pod lacks.
  ['Deployment catalog/catalog', ['info companion-annotation-invalid', 'info mutation-skipped']]
])

t.test('no object of these charts is denied', async (t) => {
  t.ok(objects.length > 250)
  for (const object of objects) {
    const [verdict] = await admit(object)
    t.equal(verdict, 'allowed', named(object))
  }
})

for (const [injection, inject] of Object.entries(injections)) {
  t.test(`no pod of these charts is denied: ${injection}`, async (t) => {
    let roles = 0
    for (const object of objects) {
      const found = []
      for (const pod of podsOf(object)) {
        const later = mutated(pod)
        if (later !== pod && JSON.stringify(later).includes('AWS_ROLE_ARN')) roles++
        const [verdict, ...findings] = await admit({ ...later, spec: inject(later.spec) })
        t.equal(verdict, 'allowed', named(object))
        found.push(...findings)
      }
      if (injection === 'no injector') t.strictSame(found, expected.get(named(object)) ?? [], named(object))
    }
    t.ok(roles > 40, 'most of the pods have a role')
  })
}
