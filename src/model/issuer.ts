import { memoizeLast } from '../text/memoize.js'

// Region prefixes of each partition: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and
// the partition data in AWS SDKs. If a region matches no pattern, its partition is unknown.
const partitions: readonly (readonly [RegExp, string])[] = [
  [/^cn-[a-z]+-\d+$/, 'aws-cn'],
  [/^us-gov-[a-z]+-\d+$/, 'aws-us-gov'],
  [/^us-iso-[a-z]+-\d+$/, 'aws-iso'],
  [/^us-isob-[a-z]+-\d+$/, 'aws-iso-b'],
  [/^eu-isoe-[a-z]+-\d+$/, 'aws-iso-e'],
  [/^us-isof-[a-z]+-\d+$/, 'aws-iso-f'],
  [/^eusc-[a-z]+-[a-z]+-\d+$/, 'aws-eusc'],
  [/^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/, 'aws']
]

/**
 * The region in the host of an EKS cluster's issuer. The `oidc-eks` host also has IPv6 addresses:
 * https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html (IRSA OIDC issuer URLs).
 */
const regionOf = (issuer: string): string | undefined =>
  /^https:\/\/oidc[.-]eks\.([a-z0-9-]+)\.[a-z0-9.-]+\/id\/[^/]+$/.exec(withoutEksSlash(issuer))?.[1]

/**
 * Removes trailing slashes from the issuer of an EKS cluster. EKS never adds one, so it was typed by hand.
 * Other issuers can end with a slash, which their tokens then include. AKS is an example
 * (https://github.com/Azure/azure-workload-identity/issues/1700).
 */
export function withoutEksSlash(issuer: string): string {
  if (!issuer.endsWith('/') || !/^https:\/\/oidc[.-]eks\./i.test(issuer)) return issuer
  let end = issuer.length
  while (issuer[end - 1] === '/') end--

  return issuer.slice(0, end)
}

/**
 * Why the given issuer is not the issuer in tokens, if its host is `oidc-eks`; otherwise undefined. This host
 * has IPv6 addresses and serves the same keys, but tokens name `oidc.eks`, whatever the cluster's IP family
 * is: https://github.com/rancher/eks-operator/pull/2284,
 * https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3237
 */
export const notInTokens = (issuer: string): string | undefined =>
  /^https:\/\/oidc-eks\./i.test(issuer)
    ? 'the given issuer is the dual-stack URL of an EKS cluster (oidc-eks), but tokens name the oidc.eks URL (pass the output of: aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer --output text)'
    : undefined

/** Whether an issuer belongs to EKS, where AWS runs the identity webhook with the default audience. */
export const isEksIssuer = (issuer: string): boolean => regionOf(issuer) !== undefined

/**
 * The partition of an EKS cluster, from the region in its issuer's host; undefined for any other issuer.
 * Never throws.
 */
export const parseIssuerPartition = memoizeLast((issuer: string): string | undefined => {
  const region = regionOf(issuer)
  if (region === undefined) return undefined

  return partitions.find(([regions]) => regions.test(region))?.[1]
})
