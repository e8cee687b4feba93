import { accountOf } from '../support/accounts.js'
import { own, podTrust, silentAssociationCases, when } from '../support/pod-identity.js'
import type { Case } from '../support/rule-case.js'

const object = accountOf()

export const cases: readonly Case[] = [
  ...silentAssociationCases,

  {
    why: 'the problem that the rule reports',
    object,
    facts: { podIdentityTrust: podTrust(when(own({ 'aws:RequestTag/kubernetes-namespace': 'web' }))) },
    message:
      /^role cart does not admit EKS Pod Identity for service account shop\/cart in cluster prod: in its statement 1, StringEquals "aws:RequestTag\/kubernetes-namespace" requires "web", but EKS sends "shop": the namespace differs$/,
    fix: /^give the association a different role, or add a statement/,
    severity: 'warning'
  },
  {
    why: 'a misspelled key, in a manifest',
    object,
    stage: 'source',
    facts: { podIdentityTrust: podTrust(when({ StringEquals: { 'aws:RequestTag/namespace': 'shop' } })) },
    message: /requires "shop", but EKS sends no such key: EKS sends no such tag$/,
    fix: /^write the key "aws:RequestTag\/kubernetes-namespace" instead of "aws:RequestTag\/namespace"/,
    severity: 'error'
  },
  {
    why: 'tags that the association disables',
    object,
    facts: { podIdentityTrust: podTrust(when(own()), { sessionTags: false }) },
    message: /the association disables session tags; also StringEquals/,
    fix: /^enable session tags for the association/,
    severity: 'warning'
  },
  {
    why: 'a value that is excluded',
    object,
    facts: {
      podIdentityTrust: podTrust(when({ StringNotEquals: { 'aws:RequestTag/kubernetes-namespace': 'shop' } }))
    },
    message: /StringNotEquals excludes this value/,
    fix: /excludes this association$/,
    severity: 'warning'
  },
  {
    why: 'another case',
    object,
    facts: { podIdentityTrust: podTrust(when(own({ 'aws:RequestTag/kubernetes-namespace': 'Shop' }))) },
    message: /the capitalization differs/,
    fix: /^replace "Shop" with "shop" in that condition$/,
    severity: 'warning'
  },
  {
    why: 'many conditions',
    object,
    facts: {
      podIdentityTrust: podTrust(
        when({
          StringEquals: Object.fromEntries(
            ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`aws:RequestTag/${name}`, 'x'])
          )
        })
      )
    },
    message: /; also 2 more conditions fail$/,
    severity: 'warning'
  }
]
