/**
 * Runs an `aws iam …` or `aws eks …` command as AWS's own command line does, with the SDK: the names of
 * operations and options, and which options are required, come from the SDK's model of the API. It sends the
 * requests to `AWS_ENDPOINT_URL_IAM` and `AWS_ENDPOINT_URL_EKS`.
 */
import { readFileSync } from 'node:fs'
import * as eks from '@aws-sdk/client-eks'
import * as iam from '@aws-sdk/client-iam'

type Struct = readonly [number, string, string, unknown, string[], unknown[], number]

// Types of members in the SDK's schemas.
const boolean = 2
const listOfStrings = 64

/** An error of the caller, with the exit code of AWS's command line. */
function fail(message: string): never {
  process.stderr.write(`aws: ${message}\n`)
  process.exit(252)
}

const services: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { iam, eks }

const [service = '', operation = '', ...words] = process.argv.slice(2)
const sdk = services[service] ?? fail(`Invalid choice: '${service}'`)
const plain = (name: string): string => name.replaceAll('-', '').toLowerCase()
const commandName =
  Object.keys(sdk).find((name) => plain(name) === `${plain(operation)}command`) ??
  fail(`Invalid choice: '${operation}'`)
// The cast names the form of the SDK's schema of a structure.
const request = sdk[commandName.replace(/Command$/, 'Request$')] as Struct
const [, , , , members, types, requiredCount] = request

const given: Record<string, unknown> = {}
let region: string | undefined
while (words.length > 0) {
  const flag = words.shift() ?? ''
  if (flag === '--region') {
    region = words.shift()
    continue
  }
  const name = flag.replace(/^--(?:no-)?/, '')
  const index = members.findIndex((member) => plain(member) === plain(name))
  const member = members[index]
  if (!flag.startsWith('--') || member === undefined) fail(`Unknown options: ${flag}`)
  const values: string[] = []
  while (words[0] !== undefined && !words[0].startsWith('--')) values.push(words.shift() ?? '')
  const type = types[index]
  if (type === boolean) {
    if (values.length > 0) fail(`Unknown options: ${values.join(' ')}`)
    given[member] = !flag.startsWith('--no-')
  } else {
    const contents = values.map((value) =>
      value.startsWith('file://') ? readFileSync(value.slice('file://'.length), 'utf8') : value
    )
    const isList = type === listOfStrings
    if (!isList && contents.length !== 1) fail(`argument --${name}: expected one argument`)
    given[member] = isList ? contents : contents[0]
  }
}
const missing = members.slice(0, requiredCount).filter((member) => !(member in given))
if (missing.length > 0) fail(`the following arguments are required: ${missing.join(', ')}`)

const CommandClass = sdk[commandName] as new (input: object) => unknown
const place = region === undefined ? {} : { region }
const client = (service === 'iam' ? new iam.IAMClient(place) : new eks.EKSClient(place)) as {
  send: (command: unknown) => Promise<object>
}
try {
  const answer = await client.send(new CommandClass(given))
  process.stdout.write(`${JSON.stringify({ ...answer, $metadata: undefined }, null, 2)}\n`)
} catch (error) {
  process.stderr.write(`An error occurred when calling ${commandName}: ${String(error)}\n`)
  process.exitCode = 254
}
