import type { ClusterArn } from '../../model/cluster-arn.js'
import { shellQuote } from '../../text/shell.js'
import { parseCaBundle } from '../../x509/bundle.js'
import type { Certificate } from '../../x509/certificate.js'
import { goMinorOf } from '../../x509/go-version.js'
import type { Rotation } from '../rotation.js'
import { holdsCa, isSameCa } from '../same-ca.js'
import type { BundleHolder } from './bundle-holders.js'
import { patchOf } from './bundle-patch.js'
import { listOfCas } from './missing-cas.js'
import { type JudgedRow, type PreflightFix, type PreflightStep, preflightSteps } from './row.js'

/** How commands begin, including the flags that choose the cluster. */
export interface PreflightCommands {
  readonly kubectl: string
  /** The flags of irsa-guard; empty, or with a leading space. */
  readonly flags: string
  /** The command that restarts cert-manager's cainjector. */
  readonly restartInjector: string
}

interface StepsQuestion {
  readonly rotation: Rotation
  readonly target: { readonly eks: ClusterArn | undefined }
  readonly commands: PreflightCommands
}

/** What to do, in an order that breaks nothing. Only the last step removes a CA. */
export function stepsOf(
  judged: readonly JudgedRow[],
  question: StepsQuestion,
  holders: readonly BundleHolder[]
): PreflightStep[] {
  const fixes = judged.flatMap(({ fix }) => fix ?? [])
  const isBroken = judged.some(({ row }) => row.state === 'lacks')

  return preflightSteps.flatMap((step): PreflightStep[] => {
    const ofStep = fixes.filter((fix) => fix.step === step)
    switch (step) {
      case 'activation':
        return activationOf(question)
      case 'check':
        return checkOf(holders, question)
      case 'deletion':
        return isBroken ? [] : deletionOf(holders, question)
      default:
        return ofStep.length === 0 ? [] : [stepWith(step, ofStep, question)]
    }
  })
}

const messages = {
  wait: 'wait until the cluster publishes the new CA',
  injector: "restart cert-manager's cainjector first, because it would undo a patch",
  bundles: 'add the CA to the bundles; a command changes nothing if the bundle has changed in the meantime',
  kubeconfigs: 'add the CA to the kubeconfigs, and to their copies in CI, Argo CD and Terraform',
  nodes: 'replace the nodes that joined before the CA was appended',
  pods: 'restart the pods, after the bundles are patched and the nodes are replaced'
} as const

function stepWith(
  step: keyof typeof messages,
  fixes: readonly PreflightFix[],
  { commands }: StepsQuestion
): PreflightStep {
  const notes = fixes.flatMap(({ advice }) => advice ?? [])
  const all = fixes.flatMap(({ command }) => command ?? [])

  return {
    step,
    message: messages[step],
    notes: [...new Set(notes)],
    commands: step === 'injector' ? [commands.restartInjector] : [...new Set(all)]
  }
}

/** https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html */
function activationOf({ rotation, target: { eks } }: StepsQuestion): PreflightStep[] {
  const { phase, successor } = rotation
  if (successor === undefined || (phase !== 'dual' && phase !== 'rolled-back')) return []

  return [
    {
      step: 'activation',
      message: `activate ${listOfCas([successor])} when all of the above is done; otherwise, EKS does so on the planned date`,
      notes: [],
      commands: eksCommand('activate', rotation, successor, eks)
    }
  ]
}

/** Checks the webhooks that run alongside the API server, because no error appears if they fail. */
function checkOf(holders: readonly BundleHolder[], { rotation, commands }: StepsQuestion): PreflightStep[] {
  const names = new Set(
    holders
      .filter(({ place }) => place === 'control-plane')
      .map(({ kind, name }) => `${kind.toLowerCase()}/${name}`)
  )
  if (names.size === 0 || rotation.trusted.length < 2) return []

  return [
    {
      step: 'check',
      message:
        'check the identity webhook after the activation; the canary of the controller shows within a minute whether new pods get their role',
      notes: [],
      commands: [...names].map((name) => `irsa-guard ca ${shellQuote(name)}${commands.flags}`)
    }
  ]
}

/**
 * Removes the outgoing CA once no rollback is possible. It is removed only from bundles of webhooks alongside
 * the API server: another server may still have a certificate that the outgoing CA signed.
 */
function deletionOf(
  holders: readonly BundleHolder[],
  { rotation, target: { eks }, commands: { kubectl } }: StepsQuestion
): PreflightStep[] {
  const { phase, outgoing, trusted } = rotation
  if (phase !== 'settled' || outgoing === undefined) return []
  const kept = trusted.filter((ca) => !isSameCa(ca, outgoing))
  const containing = holders.filter((holder) => holdsCa(certificatesIn(holder), outgoing))
  const isOurs = ({ place, injections }: BundleHolder): boolean =>
    place === 'control-plane' && injections.length === 0
  const fixes = containing.filter(isOurs).map((holder) => patchOf(holder, kept, kubectl, 'deletion'))
  const others = containing
    .filter((holder) => !isOurs(holder) && !holder.isUpdatedByAws)
    .map(({ kind, name }) => `${kind} ${name}`)

  return [
    {
      step: 'deletion',
      message: `${listOfCas([outgoing])} no longer signs and may be deleted`,
      notes: [
        ...fixes.flatMap(({ advice }) => advice ?? []),
        ...(others.length === 0
          ? []
          : [
              `keep that CA in the bundles of ${[...new Set(others)].join(', ')} until the certificates of their servers have been renewed`
            ])
      ],
      commands: [
        ...fixes.flatMap(({ command }) => command ?? []),
        ...eksCommand('delete', rotation, outgoing, eks)
      ]
    }
  ]
}

const certificatesIn = ({ caBundle }: BundleHolder): readonly Certificate[] =>
  (caBundle === undefined ? undefined : parseCaBundle(caBundle, goMinorOf(undefined)))?.certificates ?? []

/** A command that changes a certificate authority in EKS; empty if EKS's ID for the CA is unknown. */
function eksCommand(
  verb: 'activate' | 'delete',
  { authorities }: Rotation,
  ca: Certificate,
  eks: ClusterArn | undefined
): string[] {
  const authority = authorities?.find(({ certificate }) => isSameCa(certificate, ca))

  return authority === undefined || eks === undefined
    ? []
    : [
        `aws eks ${verb}-certificate-authority --region ${eks.region} --cluster-name ${eks.name} --certificate-authority-id ${shellQuote(authority.id)}`
      ]
}
