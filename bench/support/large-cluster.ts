import { issuer } from './review-body.ts'

const account = '111122223333'
const namespaces = 200

/** What a large cluster consists of, and the IAM facts about it. */
export interface LargeCluster {
  readonly serviceAccounts: readonly object[]
  readonly pods: readonly object[]
  readonly namespaces: readonly object[]
  /** An IamSnapshot. */
  readonly iam: {
    readonly apiVersion: string
    readonly kind: string
    readonly accounts: readonly string[]
    readonly issuer: string
    readonly roles: readonly { readonly arn: string; readonly trustPolicy: object }[]
    readonly oidcProviders: readonly { readonly arn: string; readonly clientIds: readonly string[] }[]
  }
}

/**
 * A cluster with so many service accounts, all of which request a role, a tenth as many roles, and pods. Each
 * role admits nine of the ten accounts that request it.
 */
export function largeCluster(accounts: number, podCount = 0, clusterIssuer = issuer): LargeCluster {
  const roles = Math.ceil(accounts / 10)
  const issuerHost = clusterIssuer.replace('https://', '')
  const nameOf = (index: number): string => `account-${index}`
  const namespaceOf = (index: number): string => `space-${index % namespaces}`
  const usersOf = (role: number): number[] =>
    Array.from({ length: 9 }, (_, index) => role + index * roles).filter((index) => index < accounts)
  const provider = `arn:aws:iam::${account}:oidc-provider/${issuerHost}`

  return {
    namespaces: Array.from({ length: namespaces }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespaceOf(index) }
    })),
    serviceAccounts: Array.from({ length: accounts }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: nameOf(index),
        namespace: namespaceOf(index),
        annotations: { 'eks.amazonaws.com/role-arn': `arn:aws:iam::${account}:role/role-${index % roles}` }
      }
    })),
    pods: Array.from({ length: podCount }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `pod-${index}`,
        namespace: namespaceOf(index % accounts),
        labels: { app: `app-${index}` }
      },
      spec: podSpec(
        nameOf(index % accounts),
        `arn:aws:iam::${account}:role/role-${(index % accounts) % roles}`
      )
    })),
    iam: {
      apiVersion: 'irsa-guard.io/v1',
      kind: 'IamSnapshot',
      accounts: [account],
      issuer: clusterIssuer,
      roles: Array.from({ length: roles }, (_, role) => ({
        arn: `arn:aws:iam::${account}:role/role-${role}`,
        trustPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Federated: provider },
              Action: 'sts:AssumeRoleWithWebIdentity',
              Condition: {
                StringEquals: {
                  [`${issuerHost}:sub`]: usersOf(role).map(
                    (index) => `system:serviceaccount:${namespaceOf(index)}:${nameOf(index)}`
                  ),
                  [`${issuerHost}:aud`]: 'sts.amazonaws.com'
                }
              }
            }
          ]
        }
      })),
      oidcProviders: [{ arn: provider, clientIds: ['sts.amazonaws.com'] }]
    }
  }
}

/** A pod as the identity webhook leaves it. */
const podSpec = (serviceAccountName: string, role: string): object => ({
  serviceAccountName,
  containers: [
    {
      name: 'app',
      image: 'registry.example/team/app:1.2.3',
      args: ['--config=/etc/app/config.yaml'],
      env: [
        { name: 'LOG_LEVEL', value: 'info' },
        { name: 'AWS_ROLE_ARN', value: role },
        {
          name: 'AWS_WEB_IDENTITY_TOKEN_FILE',
          value: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
        }
      ],
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
      volumeMounts: [
        {
          name: 'aws-iam-token',
          mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
          readOnly: true
        }
      ]
    }
  ],
  volumes: [
    {
      name: 'aws-iam-token',
      projected: {
        sources: [
          { serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86_400, path: 'token' } }
        ]
      }
    }
  ]
})
