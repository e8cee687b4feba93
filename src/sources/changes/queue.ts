import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import { clientSettings } from '../iam/accounts.js'
import { credentialsFailureOf, failureOf } from '../iam/failure.js'

/** An SQS queue of changes. Both calls throw an Error that states the cause and the remedy. */
export interface ChangeQueue {
  /** Waits up to `wait` seconds for messages, and returns at most ten. */
  receive(wait: number, signal: AbortSignal): Promise<readonly Message[]>
  remove(messages: readonly Message[]): Promise<void>
}

/**
 * Builds the client for a queue, with the credentials that the SDK finds. Sends no request. The endpoint and
 * the region come from the queue's URL. If the URL contains no region, the SDK's configured region is used.
 */
export function buildChangeQueue(url: string): ChangeQueue {
  const region = regionOf(url)
  const endpoint = new URL(url).origin
  const { requestHandler, ...settings } = clientSettings(false)
  const client = new SQSClient({
    ...settings,
    endpoint,
    ...(region !== undefined && { region }),
    // A request waits up to 20 s for messages. Receiving large messages takes more time.
    requestHandler: {
      ...requestHandler,
      connectionTimeout: 5_000,
      requestTimeout: 40_000,
      socketTimeout: 40_000
    }
  })

  return {
    receive: async (wait, signal) => {
      const call = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: wait
      })
      try {
        await client.config.credentials()
      } catch (error) {
        throw new Error(credentialsFailureOf(error).failure.because, { cause: error })
      }
      try {
        return (await client.send(call, { abortSignal: signal })).Messages ?? []
      } catch (error) {
        throw failed(error, 'sqs:ReceiveMessage')
      }
    },
    remove: async (messages) => {
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      let refused: number
      try {
        const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
        refused = Failed?.length ?? 0
      } catch (error) {
        throw failed(error, 'sqs:DeleteMessage')
      }
      if (refused > 0) throw new Error(`SQS did not delete ${refused} of ${Entries.length} messages`)
    }
  }
}

function failed(cause: unknown, call: string): Error {
  const isAbsent =
    cause instanceof Error &&
    /^(?:QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/.test(cause.name)

  return new Error(
    isAbsent ? 'the queue does not exist; check scan.changeQueue' : failureOf(cause, call).failure.because
  )
}

// https://docs.aws.amazon.com/general/latest/gr/sqs-service.html: sqs.eu-west-1.amazonaws.com, and with a VPC
// endpoint vpce-….sqs.eu-west-1.vpce.amazonaws.com.
const regionOf = (url: string): string | undefined =>
  /^https:\/\/(?:[^/.]+\.)?sqs(?:-fips)?\.([a-z0-9-]+)\./.exec(url)?.[1]
