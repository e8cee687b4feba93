/**
 * A pod for dry runs, which runs as the given service account. It is never stored. It meets the pod security
 * standard `restricted`: https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const probePodOf = ({
  name,
  serviceAccount
}: {
  readonly name: string
  readonly serviceAccount: string
}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: `${name}-` },
  spec: {
    serviceAccountName: serviceAccount,
    automountServiceAccountToken: false,
    restartPolicy: 'Never',
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'probe',
        image: 'irsa-guard',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
      }
    ]
  }
})
