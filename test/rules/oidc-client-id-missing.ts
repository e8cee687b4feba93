import type { ProviderLookup } from '../../src/facts/facts.js'
import { defaultIdentityWebhook, withAudience } from '../../src/identity-webhook/settings.js'
import { type Fact, known } from '../../src/model/fact.js'
import type { Case } from '../support/rule-case.js'

const annotation = 'arn:aws:iam::111122223333:role/cart'
const arn = 'arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE'
const provides = (arn: string, clientIds: readonly string[]): { provider: Fact<ProviderLookup> } => ({
  provider: known({ registered: true, arn, clientIds })
})
const accepts = (...clientIds: string[]): { provider: Fact<ProviderLookup> } => provides(arn, clientIds)
const onKops = (...clientIds: string[]): { provider: Fact<ProviderLookup> } =>
  provides('arn:aws:iam::111122223333:oidc-provider/s3.eu-west-1.amazonaws.com/store/k8s.example', clientIds)
const audience = (value: unknown): Record<string, unknown> => ({ 'eks.amazonaws.com/audience': value })

export const cases: readonly Case[] = [
  { why: 'the default audience', annotation, facts: accepts('sts.amazonaws.com') },
  {
    why: 'an annotated audience',
    annotation,
    annotations: audience('vault'),
    facts: accepts('sts.amazonaws.com', 'vault')
  },
  {
    why: 'a configured default audience',
    annotation,
    facts: { ...accepts('vault'), identityWebhook: known(withAudience(defaultIdentityWebhook, 'vault')) }
  },
  {
    why: 'no provider: another rule reports it',
    annotation,
    facts: { provider: known({ registered: false, arn, similar: [] }) }
  },
  {
    why: 'an audience that is not a string: another rule reports it',
    annotation,
    annotations: audience(7),
    facts: accepts()
  },
  {
    why: 'an empty audience: another rule reports it',
    annotation,
    annotations: audience(''),
    facts: accepts()
  },
  {
    why: 'the provider accepts only a different audience',
    annotation,
    facts: accepts('sts.amazonaws.com.cn', 'b'),
    message:
      /^the tokens of this service account have audience "sts\.amazonaws\.com", but the OIDC provider arn:\S+\/EXAMPLE accepts "sts\.amazonaws\.com\.cn", "b"$/,
    fix: /^add the audience to the provider: aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:\S+\/EXAMPLE --client-id sts\.amazonaws\.com$/,
    atAdmission: 'warning'
  },
  {
    why: 'outside EKS, the default audience is assumed',
    annotation,
    facts: onKops('amazonaws.com'),
    message:
      /accepts "amazonaws\.com" \(assuming the identity webhook's default settings, because the actual ones could not be read\)$/,
    fix: /^if the identity webhook runs with --token-audience=amazonaws\.com, pass that audience to irsa-guard \(--audience amazonaws\.com, or audience in its config\); otherwise, add the audience to the provider: aws iam/,
    atAdmission: 'warning'
  },
  {
    why: 'outside EKS, and the provider accepts nothing',
    annotation,
    facts: onKops(),
    message: /accepts no audience \(assuming/,
    fix: /--token-audience=AUDIENCE, pass/,
    atAdmission: 'warning'
  },
  {
    why: 'outside EKS, with the settings of the identity webhook',
    annotation,
    facts: {
      ...onKops('amazonaws.com'),
      identityWebhook: known(withAudience(defaultIdentityWebhook, 'sts.amazonaws.com'))
    },
    message: /accepts "amazonaws\.com"$/,
    fix: /^add the audience/,
    atAdmission: 'warning'
  },
  {
    why: 'outside EKS, with an annotated audience',
    annotation,
    annotations: audience('vault'),
    facts: onKops('amazonaws.com'),
    message: /accepts "amazonaws\.com"$/,
    fix: /^add the audience/,
    atAdmission: 'warning'
  },
  {
    why: 'case matters',
    annotation,
    facts: accepts('STS.amazonaws.com'),
    message: /accepts "STS\.amazonaws\.com"$/,
    atAdmission: 'warning'
  },
  {
    why: 'the provider accepts nothing',
    annotation,
    facts: accepts(),
    message: /accepts no audience$/,
    atAdmission: 'warning'
  },
  {
    why: 'the fix contains nothing that a shell would run',
    annotation,
    annotations: audience('$(reboot)'),
    facts: accepts('sts.amazonaws.com'),
    message: /have audience "\$\(reboot\)"/,
    fix: /--client-id AUDIENCE;/,
    atAdmission: 'warning'
  },
  {
    why: 'an annotated audience that the provider does not accept',
    annotation,
    annotations: audience('vault'),
    facts: accepts('sts.amazonaws.com'),
    message: /have audience "vault"/,
    fix: /; or set eks\.amazonaws\.com\/audience to "sts\.amazonaws\.com"$/,
    atAdmission: 'warning'
  },
  {
    why: 'a space at the end of the annotated audience',
    annotation,
    annotations: audience('sts.amazonaws.com '),
    facts: accepts('sts.amazonaws.com'),
    message: /have audience "sts.amazonaws.com "/,
    fix: /^remove the spaces from the annotation eks.amazonaws.com\/audience: write "sts.amazonaws.com"$/,
    atAdmission: 'warning'
  }
]
