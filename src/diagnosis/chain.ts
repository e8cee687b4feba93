import type { Chain } from '../identity-webhook/chain.js'
import type { RoleRequest } from '../identity-webhook/role-request.js'
import type { AssociationLookup } from '../model/association.js'
import type { Fact } from '../model/fact.js'
import type { DiagnosedChain } from './diagnosis.js'

/** What decides which chain a diagnosis follows. */
export interface ChainEvidence {
  /** What the containers of the pod show; undefined if there is no pod. */
  readonly ofPod: Chain | undefined
  /** What the service account requests. */
  readonly request: Fact<RoleRequest | undefined>
  readonly associated: Fact<AssociationLookup>
}

/**
 * The chain that a diagnosis follows, and why. The containers decide: they show what the pod really got, even
 * if the service account has changed since. If they got nothing, the diagnosis follows the chain through which
 * they should have got their role.
 */
export function chooseChain({ ofPod, request, associated }: ChainEvidence): {
  readonly chain: DiagnosedChain
  readonly because: string
} {
  if (ofPod?.chain === 'irsa' || ofPod?.chain === 'pod-identity')
    return { chain: ofPod.chain, because: ofPod.because }
  if (associated.state === 'known' && associated.value.exists)
    return { chain: 'pod-identity', because: 'the service account has an EKS Pod Identity association' }
  if (request.state === 'known' && request.value !== undefined)
    return { chain: 'irsa', because: `the service account requests role ${request.value.role}` }
  if (request.state !== 'known') return { chain: 'unknown', because: request.because }
  // If nothing is known about associations, a pod without credentials shows that no association applies to it.
  if (associated.state === 'known' || (associated.state === 'moot' && ofPod !== undefined))
    return {
      chain: 'none',
      because:
        associated.state === 'known'
          ? 'the service account has neither a role annotation nor an EKS Pod Identity association'
          : 'the service account has no role annotation, and no container has credentials'
    }

  return {
    chain: 'unknown',
    because: `the service account has no role annotation, but it may have an EKS Pod Identity association: ${associated.because}`
  }
}
