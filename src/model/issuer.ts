import { memoizeLast } from '../text/memoize.js'

// Region prefixes of each partition: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and
// the partition data in AWS SDKs. The partition of a region that matches none is unknown.
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

/** Matches the host of an EKS cluster's issuer and captures the region. */
const regionOf = (issuer: string): string | undefined =>
  /^https:\/\/oidc\.eks\.([a-z0-9-]+)\.[a-z0-9.-]+\/id\/[^/]+$/.exec(issuer)?.[1]

/** Whether an issuer belongs to EKS. AWS runs the identity webhook there, with its default settings. */
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
