// IAM has one endpoint in each partition, and each region of a partition leads to it. The region that signs
// for it: https://docs.aws.amazon.com/general/latest/gr/iam-service.html and the endpoint rules that the SDK
// carries.
const globalRegions: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-south-1',
  'aws-eusc': 'eusc-de-east-1'
}

/**
 * The region to ask IAM and STS of a partition in when none is configured; undefined for a partition that is
 * not known.
 */
export const globalRegionOf = (partition: string): string | undefined =>
  Object.hasOwn(globalRegions, partition) ? globalRegions[partition] : undefined
