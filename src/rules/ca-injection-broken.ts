import { caInjectionsOf, ignoredInjectionsOf } from '../ca-bundle/injection.js'
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
  needs: ['injectionSource'],
  check({ annotations, webhooks, stage }, { injectionSource }) {
    const injections = caInjectionsOf(annotations)
    const isRequested = injections.some(({ isMalformed }) => !isMalformed)
    // An ignored annotation does no harm if another one is followed.
    const harmful = ignoredInjectionsOf(annotations).filter(
      ({ value }) => typeof value !== 'string' || !isRequested
    )
    const ignored = harmful.map(({ annotation, injector, value }) => ({
      field: annotationField(annotation),
      ...(typeof value === 'string'
        ? {
            message: `${annotation} is ${quote(value)}, which ${injector} ignores, so the caBundle is not filled in; expected "true"`,
            fix: 'write "true" in lower case, or remove the annotation'
          }
        : {
            message: `${annotation} is not a string, so the API server rejects the object`,
            fix: 'quote the value'
          })
    }))
    const unreadable = injections
      .filter(({ isMalformed }) => isMalformed)
      .map(({ annotation, value }) => ({
        field: annotationField(annotation),
        message: `${annotation} is ${quote(value)}; expected <namespace>/<name>, so the caBundle is not filled in`,
        fix: 'write the namespace and name of the object that contains the CA, separated by one slash'
      }))
    if (ignored.length + unreadable.length > 0) return [...ignored, ...unreadable]

    const secret = injections.find(({ reference }) => reference?.kind === 'Secret')
    if (injectionSource === 'forbids' && secret !== undefined) {
      return {
        field: annotationField(secret.annotation),
        message: `${secret.annotation} names Secret ${quote(secret.value)}, which does not allow cert-manager to read its CA, so the caBundle is not filled in`,
        fix: 'annotate the Secret with cert-manager.io/allow-direct-injection: "true"'
      }
    }
    const named = injections.find(({ reference }) => reference?.kind === 'Certificate')
    if (injectionSource === 'missing' && named !== undefined) {
      return {
        field: annotationField(named.annotation),
        message: `${named.annotation} names Certificate ${quote(named.value)}, which does not exist, so the caBundle is not filled in`,
        fix: 'create the Certificate, or correct the annotation'
      }
    }
    // A manifest contains no bundle, and neither does an object that was just created: the injector fills in
    // the bundle later.
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
