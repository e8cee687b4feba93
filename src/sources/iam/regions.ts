// IAM has one endpoint in each partition, which serves all regions. These regions are used to sign requests
// to it: https://docs.aws.amazon.com/general/latest/gr/iam-service.html and the endpoint rules in the SDK.
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
 * The region to use for IAM and STS in a partition if none is configured; undefined for an unknown partition.
 */
export const globalRegionOf = (partition: string): string | undefined =>
  Object.hasOwn(globalRegions, partition) ? globalRegions[partition] : undefined
