/**
 * An event as EventBridge delivers it from CloudTrail, in the form of AWS's examples:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html. An entry of
 * `detail` that is undefined is left out.
 */
export function changeEvent(
  eventName: string,
  requestParameters: object | null,
  {
    account = '123456789012',
    at = new Date(),
    detail = {}
  }: { account?: string; at?: Date; detail?: object } = {}
): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z')
  const service = eventName.includes('PodIdentityAssociation') ? 'eks' : 'iam'

  return JSON.stringify({
    ...{
      version: '0',
      id: 'c030038d-8c4d-6141-9545-00ff7b7153ec',
      'detail-type': 'AWS API Call via CloudTrail'
    },
    ...{ source: `aws.${service}`, account, time, region: 'us-east-1', resources: [] },
    detail: {
      eventVersion: '1.11',
      userIdentity: { type: 'AssumedRole', accountId: account },
      eventTime: time,
      eventSource: `${service}.amazonaws.com`,
      eventName,
      awsRegion: 'us-east-1',
      sourceIPAddress: '192.0.2.1',
      requestParameters,
      responseElements: null,
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
      ...detail
    }
  })
}
