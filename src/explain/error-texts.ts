import { clusterTexts } from './cluster-texts.js'
import type { ErrorText } from './error-text.js'
import { noCredentialsTexts } from './no-credentials-texts.js'
import { permissionTexts } from './permission-texts.js'
import { podIdentityTexts } from './pod-identity-texts.js'
import { webIdentityTexts } from './web-identity-texts.js'

/** All known error texts, in the order in which they are reported. */
export const errorTexts: readonly ErrorText[] = [
  ...webIdentityTexts,
  ...podIdentityTexts,
  ...permissionTexts,
  ...clusterTexts,
  ...noCredentialsTexts
]
