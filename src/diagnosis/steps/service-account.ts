import { createAccount } from '../commands.js'
import type { Judged, Scene } from '../scene.js'
import { couldNotTell, ok, wrong, wrongBy } from '../scene.js'

/** Whether the service account exists. */
export function serviceAccountStep(scene: Scene): Judged {
  const { accountExists, account, told, tools } = scene
  const name = `${account.namespace}/${account.name}`
  if (accountExists.state !== 'known') return couldNotTell('service-account', accountExists.because)
  if (accountExists.value) return ok('service-account', `${name} exists`, told('service-account').remarks)

  const more = { commands: [createAccount(tools, account)] }
  const { wrong: findings } = told('service-account')

  return findings.length > 0
    ? wrongBy('service-account', findings, more)
    : wrong('service-account', `service account ${name} does not exist, so the API server rejects its pods`, {
        fix: 'create the service account',
        rule: 'service-account-missing',
        ...more
      })
}
