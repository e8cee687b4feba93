/**
 * The issuer, role and account in the benchmark's reviews. The role admits the account, so every rule runs to
 * its end and finds nothing.
 */
const host = 'oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE'
export const issuer = `https://${host}`
const roleArn = 'arn:aws:iam::111122223333:role/team/cart'
const namespace = 'shop'

// In bytes. Earlier measurements of OPA, Pepr and Fastify used reviews of this size.
const size = 4200

/**
 * An IAM trust policy as eksctl and the AWS user guide write it:
 * https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
 */
export const trustPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${host}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${host}:sub`]: `system:serviceaccount:${namespace}:cart`,
          [`${host}:aud`]: 'sts.amazonaws.com'
        }
      }
    }
  ]
}

/** The facts about IAM for these reviews, an IamSnapshot. */
export const iamSnapshot = {
  apiVersion: 'irsa-guard.io/v1',
  kind: 'IamSnapshot',
  takenAt: '2026-11-24T00:00:00Z',
  accounts: ['111122223333'],
  issuer,
  roles: [{ arn: roleArn, trustPolicy }],
  oidcProviders: [
    { arn: `arn:aws:iam::111122223333:oidc-provider/${host}`, clientIds: ['sts.amazonaws.com'] }
  ]
}

/**
 * The snapshot with a role that admits all accounts by a pattern of names, so that every trust rule runs to
 * its end for each account.
 */
export function snapshotAdmitting(name: string): object {
  return JSON.parse(
    JSON.stringify(iamSnapshot)
      .replace('"StringEquals"', '"StringLike"')
      .replace('serviceaccount:shop:cart', `serviceaccount:shop:${name}`)
  ) as object // still a snapshot
}

export const clusterArn = 'arn:aws:eks:us-east-1:111122223333:cluster/prod'

/** A trust policy for EKS Pod Identity, limited to one service account. */
export const podIdentityTrustPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'aws:SourceArn': clusterArn,
          'aws:RequestTag/kubernetes-namespace': namespace,
          'aws:RequestTag/kubernetes-service-account': 'cart'
        }
      }
    }
  ]
}

/** The same facts for a cluster with 1,000 associations, among them one of that account with a correct role. */
export const associatedSnapshot = {
  ...iamSnapshot,
  cluster: { name: 'prod', arn: clusterArn },
  associations: ['cart', ...Array.from({ length: 999 }, (_, index) => `account-${index}`)].map(
    (serviceAccount) => ({ clusterName: 'prod', namespace, serviceAccount, roleArn })
  ),
  roles: [{ arn: roleArn, trustPolicy: podIdentityTrustPolicy }]
}

/** A service account with a correct role. */
export const serviceAccountOf = (
  name: string,
  annotations: Readonly<Record<string, string>> = { 'eks.amazonaws.com/role-arn': roleArn }
) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    name,
    namespace,
    labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'shop' },
    annotations
  }
})

/** A service account whose role an association names. */
export const associatedAccountOf = (name: string) => serviceAccountOf(name, {})

/** The objects in the cluster, by the path of their collection. */
export const collections = {
  '/api/v1/namespaces': [{ metadata: { name: namespace } }],
  '/api/v1/serviceaccounts': [serviceAccountOf('cart')],
  '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations': []
}

/** A pod of a service account as the identity webhook returns it. */
export const podOf = (serviceAccountName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${serviceAccountName}-0`,
    namespace,
    labels: { 'app.kubernetes.io/name': serviceAccountName }
  },
  spec: {
    serviceAccountName,
    containers: [
      {
        name: 'app',
        image: 'shop/cart:1.4.2',
        env: [
          { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
          { name: 'AWS_ROLE_ARN', value: roleArn },
          {
            name: 'AWS_WEB_IDENTITY_TOKEN_FILE',
            value: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
          }
        ],
        volumeMounts: [
          {
            name: 'aws-iam-token',
            readOnly: true,
            mountPath: '/var/run/secrets/eks.amazonaws.com/serviceaccount'
          }
        ]
      }
    ],
    volumes: [
      {
        name: 'aws-iam-token',
        projected: {
          sources: [
            {
              serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 86400, path: 'token' }
            }
          ]
        }
      }
    ]
  }
})

/** An AdmissionReview of 4.2 KB for the creation of an object, as an API server sends it. */
export function reviewBodyOf(object: { kind: string; metadata: object }, resource: string): string {
  const body = (padding: string): string =>
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        kind: { group: '', version: 'v1', kind: object.kind },
        resource: { group: '', version: 'v1', resource },
        requestKind: { group: '', version: 'v1', kind: object.kind },
        requestResource: { group: '', version: 'v1', resource },
        name: 'cart',
        namespace,
        operation: 'CREATE',
        userInfo: {
          username: 'system:serviceaccount:argocd:argocd-application-controller',
          uid: '1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:argocd', 'system:authenticated'],
          extra: {
            'authentication.kubernetes.io/credential-id': ['JTI=0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9']
          }
        },
        object: {
          ...object,
          metadata: {
            ...object.metadata,
            uid: '9e0a1b2c-3d4e-5f60-7182-93a4b5c6d7e8',
            creationTimestamp: '2026-11-24T10:00:00Z',
            managedFields: managedFieldsOf(padding)
          }
        },
        oldObject: null,
        dryRun: false,
        options: {
          kind: 'CreateOptions',
          apiVersion: 'meta.k8s.io/v1',
          fieldManager: 'kubectl-client-side-apply'
        }
      }
    })

  return body('x'.repeat(Math.max(0, size - body('').length)))
}

const managedFieldsOf = (padding: string) => [
  {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-11-24T10:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': {
        'f:annotations': {
          '.': {},
          'f:eks.amazonaws.com/role-arn': {},
          'f:kubectl.kubernetes.io/last-applied-configuration': {}
        },
        'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {}, 'f:app.kubernetes.io/part-of': {} },
        [`f:${padding}`]: {}
      }
    }
  }
]
