// The pods that the identity webhook is tested with itself: each carries the patch that it must get. They are
// read from its module, of the version that the control plane of the tests runs.
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
import { withPodRole } from '../support/pods.js'

const module = 'github.com/aws/amazon-eks-pod-identity-webhook@v0.6.14'

/** Containers that upstream itself leaves without the role, by file: why, and what is said of them. */
const leftWithout: Readonly<Record<string, { readonly why: string; readonly said: RegExp }>> = {
  'rawPodHasAll.pod.yaml': {
    why: 'the pod sets AWS_ROLE_ARN, which stops both variables',
    said: /balajilovesoreos lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  'rawPodSkip.pod.yaml': {
    why: 'the pod sets AWS_ROLE_ARN in one container, and has the other skipped on purpose',
    said: /balajilovesoreos lacks AWS_WEB_IDENTITY_TOKEN_FILE/
  },
  'rawPodHasVolumeMount.pod.yaml': {
    why: 'the pod mounts a volume of that name elsewhere',
    said: /has no mount at/
  }
}

const download = spawnSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: t.testdir() })
const { Dir: directory, Error: refusal } = recordOf(JSON.parse(download.stdout || '{}')) // no output at all: no Go
const skip =
  typeof directory === 'string'
    ? false
    : `${module} cannot be had: ${typeof refusal === 'string' ? refusal : 'no Go'}`

const planFor = buildPlanner([podNotMutated, podHalfMutated])

t.test('pods of upstream are judged as upstream patches them', { skip }, async (t) => {
  const folder = `${String(directory)}/pkg/handler/testdata`
  const files = globSync('**/*.yaml', { cwd: folder })
  t.ok(files.length >= 20, `${files.length} pods`)
  for (const file of files) {
    const pod: unknown = parse(readFileSync(`${folder}/${file}`, 'utf8'), { uniqueKeys: false }) // one names its account twice
    if (!isRecord(pod)) throw new Error(`${file}: not a pod`)
    t.not(judged(pod, pod).length, 0, `${file}: raw`)
    const patch = patchFor(pod)
    if (patch === null) continue // upstream leaves the whole pod alone

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

/** What the rules say of a pod, with the settings and the service account that its file tells. */
function judged(pod: object, { metadata }: Readonly<Record<string, unknown>>): string[] {
  const annotations = recordOf(recordOf(metadata)['annotations'])
  const told = (name: string): string | undefined => {
    const value = annotations[`testing.eks.amazonaws.com/${name}`]
    return typeof value === 'string' ? value : undefined
  }
  // Pods on EKS Pod Identity name no role; they must be right although their account is annotated.
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

  return evaluate(planFor(subject), subject, withPodRole(subject, facts), { at: new Date() }).findings.map(
    ({ message }) => message
  )
}

/** The patch that a pod's file expects. */
function patchFor(pod: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(
    String(recordOf(recordOf(pod['metadata'])['annotations'])['testing.eks.amazonaws.com/expectedPatch'])
  )
}

/** The pod after a patch, which only ever adds whole lists, a first volume, or a label. */
function patched(pod: Readonly<Record<string, unknown>>, patch: unknown): object {
  const spec: Record<string, unknown> = { ...recordOf(pod['spec']) }
  for (const operation of Array.isArray(patch) ? (patch as unknown[]) : []) {
    const { op, path, value } = recordOf(operation)
    if (String(path).startsWith('/metadata/labels')) continue // it tells pods on EKS Pod Identity apart; no rule asks for it
    const [, field = '', first] =
      /^\/spec\/(volumes|containers|initContainers)(\/0)?$/.exec(String(path)) ?? []
    if (op !== 'add' || field === '') throw new Error(`unexpected patch ${JSON.stringify(operation)}`)
    spec[field] =
      first === undefined ? value : [value, ...(Array.isArray(spec[field]) ? (spec[field] as unknown[]) : [])]
  }

  return { ...pod, spec }
}
