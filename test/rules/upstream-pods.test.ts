// The identity webhook's own test pods. Each file contains the expected patch. They are read from the Go
// module, in the version that the test control plane runs.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { defaultIdentityWebhook } from '../../src/identity-webhook/settings.js'
import { known } from '../../src/model/fact.js'
import { parseSubject } from '../../src/model/subject.js'
import { podHalfMutated } from '../../src/rules/pod-half-mutated.js'
import { podNotMutated } from '../../src/rules/pod-not-mutated.js'
import { isRecord, recordOf } from '../../src/text/record.js'
import { evaluate } from '../../src/verdict/evaluate.js'
import { buildPlanner } from '../../src/verdict/plan.js'
import { withDerived } from '../support/pods.js'

const module = 'github.com/aws/amazon-eks-pod-identity-webhook@v0.6.14'

/** Containers that upstream itself leaves without the role, by file: the reason, and the expected message. */
const leftWithout: Readonly<Record<string, { readonly why: string; readonly said: RegExp }>> = {
  'rawPodHasAll.pod.yaml': {
    why: 'the pod sets AWS_ROLE_ARN, which stops both variables',
    said: /balajilovesoreos lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  'rawPodSkip.pod.yaml': {
    why: 'the pod sets AWS_ROLE_ARN in one container and deliberately skips the other',
    said: /balajilovesoreos lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  'rawPodHasVolumeMount.pod.yaml': {
    why: 'the pod mounts a volume with that name elsewhere',
    said: /has no volume mount at/
  }
}

const download = spawnSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: t.testdir() })
const { Dir: directory, Error: refusal } = recordOf(JSON.parse(download.stdout || '{}')) // Go is missing if there is no output
const skip =
  typeof directory === 'string'
    ? false
    : `${module} is not available: ${typeof refusal === 'string' ? refusal : 'no Go'}`

const planFor = buildPlanner([podNotMutated, podHalfMutated])

t.test("upstream's pods are judged as upstream patches them", { skip }, async (t) => {
  const folder = `${String(directory)}/pkg/handler/testdata`
  const files = globSync('**/*.yaml', { cwd: folder })
  t.ok(files.length >= 20, `${files.length} pods`)
  for (const file of files) {
    const pod: unknown = parse(readFileSync(`${folder}/${file}`, 'utf8'), { uniqueKeys: false }) // one file names its service account twice
    if (!isRecord(pod)) throw new Error(`${file}: not a pod`)
    t.not(judged(pod, pod).length, 0, `${file}: raw`)
    const patch = patchFor(pod)
    if (patch === null) continue // upstream does not change this pod

    const left = leftWithout[file]
    const messages = judged(patched(pod, patch), pod)
    if (left === undefined) t.strictSame(messages, [], `${file}: patched`)
    else
      t.ok(
        messages.length === 1 && left.said.test(messages[0] ?? ''),
        `${file}: patched, but ${left.why}: ${messages.join()}`
      )
  }
})

/** The messages of the rules for a pod, with the settings and the service account from its file. */
function judged(pod: object, { metadata }: Readonly<Record<string, unknown>>): string[] {
  const annotations = recordOf(recordOf(metadata)['annotations'])
  const told = (name: string): string | undefined => {
    const value = annotations[`testing.eks.amazonaws.com/${name}`]
    return typeof value === 'string' ? value : undefined
  }
  // Pods on EKS Pod Identity name no role. They must have no finding even if their service account is
  // annotated.
  const role = told('serviceAccount/roleArn') ?? 'arn:aws:iam::111122223333:role/s3-reader'
  const facts = {
    account: known({ exists: true as const, annotations: { 'eks.amazonaws.com/role-arn': role } }),
    identityWebhook: known({
      ...defaultIdentityWebhook,
      mountPath: told('handler/mountPath') ?? defaultIdentityWebhook.mountPath,
      composeRoleArn: !role.includes('arn:')
    }),
    podsEnforced: known(true)
  }
  const subject = parseSubject(pod, { stage: 'admitted' })
  if (subject === undefined) throw new Error('a pod is a subject')

  return evaluate(planFor(subject, facts.identityWebhook.value), subject, withDerived(subject, facts), {
    at: new Date()
  }).findings.map(({ message }) => message)
}

/** The expected patch in a pod's file. */
function patchFor(pod: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(
    String(recordOf(recordOf(pod['metadata'])['annotations'])['testing.eks.amazonaws.com/expectedPatch'])
  )
}

/** Applies a patch to a pod. Upstream patches only add whole arrays, a first volume, or a label. */
function patched(pod: Readonly<Record<string, unknown>>, patch: unknown): object {
  const spec: Record<string, unknown> = { ...recordOf(pod['spec']) }
  for (const operation of Array.isArray(patch) ? (patch as unknown[]) : []) {
    const { op, path, value } = recordOf(operation)
    if (String(path).startsWith('/metadata/labels')) continue // marks pods on EKS Pod Identity; no rule reads it
    const [, field = '', first] =
      /^\/spec\/(volumes|containers|initContainers)(\/0)?$/.exec(String(path)) ?? []
    if (op !== 'add' || field === '') throw new Error(`unexpected patch ${JSON.stringify(operation)}`)
    spec[field] =
      first === undefined ? value : [value, ...(Array.isArray(spec[field]) ? (spec[field] as unknown[]) : [])]
  }

  return { ...pod, spec }
}
