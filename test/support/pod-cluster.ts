import { fileURLToPath } from 'node:url'
import type { Finished } from '../control-plane/run.ts'
import type { ControlPlane } from '../control-plane/start.ts'
import { absentReply, type FakeIam, identityReply, roleReply, startFakeIam } from './fake-iam.js'

export const account = '111122223333'
export const role = `arn:aws:iam::${account}:role/cart`

/** The command of a fake identity webhook that fails as this file specifies. */
export const standInWith = (faultFile: string): [string, ...string[]] => [
  process.execPath,
  fileURLToPath(new URL('../control-plane/identity-webhook-stand-in.ts', import.meta.url)),
  `--fault-file=${faultFile}`
]

/** A fake IAM in which every role trusts service accounts of the cluster whose names start with `cart`. */
export async function startTrustingIam(issuer: string): Promise<FakeIam> {
  const host = issuer.replace('https://', '')
  const trustPolicy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${host}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com' },
          StringLike: { [`${host}:sub`]: 'system:serviceaccount:*:cart*' }
        }
      }
    ]
  }

  return startFakeIam(({ action, parameters }) => {
    if (action === 'GetCallerIdentity') return identityReply(account)

    return action === 'GetRole'
      ? roleReply(`arn:aws:iam::${account}:role/${parameters.get('RoleName')}`, trustPolicy)
      : absentReply
  })
}

/** The options with which `startGuard` queries that IAM. */
export const guardOptionsFor = ({
  url
}: FakeIam): { config: Record<string, unknown>; env: Record<string, string> } => ({
  config: {},
  env: {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1'
  }
})

export const namespace = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels }
})

export const serviceAccount = (
  space: string,
  name = 'cart',
  annotations: Record<string, string> = { 'eks.amazonaws.com/role-arn': role }
): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: space, annotations }
})

/** Runs kubectl with objects on its standard input. */
export const kubectlWith =
  (controlPlane: ControlPlane) =>
  (args: string, ...objects: object[]): Promise<Finished> =>
    controlPlane.kubectl(args.split(' '), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
