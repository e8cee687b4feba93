import { found, unseen } from './causes.js'
import type { ErrorText } from './error-text.js'

const mutatingDispatcher =
  'https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go'
const webhookTroubles = 'https://cert-manager.io/docs/troubleshooting/webhook/'

/** Errors that the API server, the kubelet and kubectl print. */
export const clusterTexts: readonly ErrorText[] = [
  {
    id: 'webhook-ca-unknown',
    means: 'the API server does not trust the certificate of the webhook, so it cannot call the webhook',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/131',
    forms: [['calling webhook', 'certificate signed by unknown authority']],
    causes: [found('ca-bundle-untrusted'), found('ca-bundle-incomplete'), found('ca-injection-broken')]
  },
  {
    id: 'webhook-certificate-expired',
    means: 'the certificate of the webhook, or of the CA that signed it, is not valid now',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: webhookTroubles,
    forms: [['calling webhook', 'certificate has expired or is not yet valid']],
    causes: [
      unseen("the webhook's own certificate has expired and was not renewed", 'ca'),
      found('ca-bundle-expired'),
      found('ca-injection-broken')
    ]
  },
  {
    id: 'webhook-certificate-name',
    means: 'the certificate of the webhook is for a different name than the one the API server calls',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: webhookTroubles,
    forms: [
      ['calling webhook', 'x509: certificate is valid for'],
      ['calling webhook', 'x509: certificate is not valid for any names'],
      ['calling webhook', 'x509: certificate relies on legacy Common Name field'],
      ['calling webhook', 'x509: cannot validate certificate for']
    ],
    causes: [unseen('issue a certificate that names SERVICE.NAMESPACE.svc, or the address in url', 'ca')]
  },
  {
    id: 'webhook-ca-unreadable',
    means: 'the API server finds no certificate in the caBundle',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: 'https://github.com/kubernetes/kubernetes/pull/61591',
    forms: [['unable to load root certificates: unable to parse bytes as PEM block']],
    causes: [found('ca-bundle-unusable'), found('ca-injection-broken')]
  },
  {
    id: 'webhook-without-backend',
    means: 'the API server cannot reach the webhook: nothing is behind its Service',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: webhookTroubles,
    forms: [
      ['calling webhook', 'no endpoints available for service'],
      ['calling webhook', '": service "', '" not found'],
      ['calling webhook', 'connection refused']
    ],
    causes: [found('webhook-backend-missing'), unseen('its pods crash or are not ready', 'scan')]
  },
  {
    id: 'webhook-timeout',
    means: 'the webhook did not answer the API server in time',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: webhookTroubles,
    forms: [
      ['calling webhook', 'context deadline exceeded'],
      ['calling webhook', 'i/o timeout']
    ],
    causes: [
      unseen("a security group blocks the port between the API server and the webhook's pods", 'scan'),
      found('webhook-backend-missing')
    ]
  },
  {
    id: 'webhook-review-version',
    means: 'the webhook responded with a different AdmissionReview version than that of the request',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/225',
    forms: [['expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview']],
    causes: [found('review-version-unsupported')]
  },
  {
    id: 'webhook-fails-open',
    means: 'the API server could not call the webhook and admitted the pods anyway, so they lack their role',
    chain: 'both',
    printedBy: 'kube-apiserver',
    source: mutatingDispatcher,
    forms: [['Failed calling webhook, failing open']],
    isVague: true,
    causes: [
      found('ca-bundle-untrusted'),
      found('webhook-backend-missing'),
      found('review-version-unsupported')
    ]
  },
  {
    id: 'service-account-not-found',
    means: 'the API server does not create the pod: its service account does not exist',
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl, FailedCreate events',
    source:
      'https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/admission/serviceaccount/admission.go',
    forms: [['error looking up service account']],
    causes: [found('service-account-missing')]
  },
  {
    id: 'token-not-issued',
    means: 'the kubelet cannot get a token for the pod, so the pod does not start',
    chain: 'both',
    printedBy: 'kubelet, FailedMount events',
    source: 'https://github.com/aws/amazon-eks-pod-identity-webhook/issues/119',
    forms: [
      ['volume "aws-iam-token"', 'failed to fetch token'],
      ['volume "eks-pod-identity-token"', 'failed to fetch token']
    ],
    causes: [
      found('service-account-missing', 'the service account was deleted after the pod was created'),
      unseen(
        'the API server does not answer or does not issue tokens; the rest of the line says why',
        'diagnose'
      )
    ]
  },
  {
    id: 'annotation-type',
    means: 'the API server rejects the object: the value of an annotation must be a string',
    chain: 'both',
    printedBy: 'kubectl, Helm',
    source: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/',
    forms: [['json: cannot unmarshal', 'metadata.annotations of type string']],
    causes: [found('annotation-not-a-string')]
  },
  {
    id: 'irsa-guard-bundle-denied',
    means: "irsa-guard's policy denied a caBundle that would keep the API server from calling the webhook",
    chain: 'both',
    printedBy: 'kube-apiserver, kubectl',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/',
    forms: [["ValidatingAdmissionPolicy 'irsa-guard-ca-bundle"]],
    causes: [found('ca-bundle-untrusted'), found('ca-bundle-unusable'), found('ca-bundle-incomplete')]
  }
]
