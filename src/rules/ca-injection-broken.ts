import { caInjectionsOf } from '../ca-bundle/injection.js'
import { caBundleField, describeBundle } from '../model/webhook-configuration.js'
import { quote } from '../text/escape.js'
import { annotationField } from '../text/record.js'
import { defineRule } from './define-rule.js'

export const caInjectionBroken = defineRule({
  id: 'ca-injection-broken',
  summary:
    "An annotation requests that cert-manager or OpenShift's service-ca write the `caBundle`, but the injection cannot work or did not happen.",
  severity: 'warning',
  on: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
  needs: ['injectedCertificate'],
  check({ annotations, webhooks, stage }, { injectedCertificate }) {
    const injections = caInjectionsOf(annotations)
    const unreadable = injections
      .filter(({ isMalformed }) => isMalformed)
      .map(({ annotation, value }) => ({
        field: annotationField(annotation),
        message: `${annotation} is ${quote(value)}; expected <namespace>/<name>, so the caBundle is not filled in`,
        fix: 'write the namespace and name of the object that holds the CA, separated by one slash'
      }))
    if (unreadable.length > 0) return unreadable

    const named = injections.find(({ reference }) => reference?.kind === 'Certificate')
    if (injectedCertificate === 'missing' && named !== undefined) {
      return {
        field: annotationField(named.annotation),
        message: `${named.annotation} names Certificate ${quote(named.value)}, which does not exist, so the caBundle is not filled in`,
        fix: 'create the Certificate, or correct the annotation'
      }
    }
    // A manifest contains no bundle, and neither does an object that was just created: the injector fills it
    // in later.
    const [injection] = injections
    if (stage !== 'running' || injection === undefined) return

    return webhooks
      .filter(({ caBundle }) => caBundle === undefined)
      .map((webhook) => ({
        field: caBundleField(webhook),
        message: `${describeBundle(webhook)} is empty, although ${injection.annotation} directs ${injection.injector} to fill it in`,
        fix: `check the log of ${injection.injector}; with cert-manager, check that the Certificate is ready`
      }))
  }
})
