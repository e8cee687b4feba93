import { Readable } from 'node:stream'
import t from 'tap'
import { diagnose, diagnoseCommand, type DiagnoseOptions } from '../../src/commands/diagnose.js'

const terminal = { stdin: Readable.from([]), stdout: () => undefined, stderr: () => undefined }
const refused = async (options: Partial<DiagnoseOptions>, environment: NodeJS.ProcessEnv = {}) =>
  diagnose(['sa/cart'], { iam: [], ...options }, terminal, { environment })

t.test('rejects actions and resources that IAM would not know', async (t) => {
  for (const [options, message] of [
    [{ action: 'GetObject' }, /--action is "GetObject"; expected an action such as s3:GetObject/],
    [{ resource: 'arn:aws:s3:::a' }, /--resource is given without --action/],
    [{ action: 's3:GetObject', resource: 'carts' }, /--resource is "carts"; expected an ARN or "\*"/]
  ] as const)
    await t.rejects(refused(options), { code: 'ERR_USAGE', message })
})

t.test('needs a cluster', async (t) => {
  const home = t.testdir({})
  await t.rejects(refused({}, { HOME: home }), { code: 'ERR_KUBECONFIG', message: /no cluster found/ })
  await t.rejects(refused({ kubeconfig: `${home}/none` }, { HOME: home }), { code: 'ERR_KUBECONFIG' })
})

t.test('explains itself', async (t) => {
  t.match(diagnoseCommand(terminal).helpInformation(), /--action <action>/)
})
