import { earlierProviderOf } from '../identity-webhook/chain.js'
import { isProxyBypassed } from '../identity-webhook/no-proxy.js'
import { type Container, type Variable } from '../model/pod.js'
import { defineRule } from './define-rule.js'

export const podIdentityProxy = defineRule({
  id: 'pod-identity-proxy',
  summary: 'A container sends its requests to the EKS Pod Identity Agent through a proxy.',
  severity: 'warning',
  on: ['Pod', 'Workload'],
  needs: ['associated', 'podRole', 'identityWebhook'],
  concerns: ({ pod }) => pod.containers.some((container) => proxyOf(container) !== undefined),
  check(_, { podRole, identityWebhook }) {
    if (podRole.chain !== 'pod-identity') return

    return podRole.containers.flatMap(({ container, credentials }) => {
      const proxy = proxyOf(container)
      if (proxy === undefined || earlierProviderOf(container) !== undefined) return []
      // The agent has an IPv4 and an IPv6 address, and only this variable shows which one AWS SDKs call: on
      // IPv6 clusters, the identity webhook may be configured with the IPv6 one.
      const uri =
        credentials.kind === 'endpoint'
          ? credentials.variable.value
          : identityWebhook.containerCredentials.uri
      const address = addressIn(uri ?? '')
      const exceptions = container.proxies.filter(({ name }) => name.toUpperCase() === 'NO_PROXY')
      if (address === undefined || isExempt(container, exceptions, address)) return []

      const [exception] = exceptions
      return [
        {
          field: (exception ?? proxy).field,
          message: `container ${container.name} sets ${proxy.name}, but ${exception === undefined ? 'no NO_PROXY' : `its ${exception.name} does not contain ${address}`}, so AWS SDKs ask the proxy for credentials instead of the EKS Pod Identity Agent`,
          fix: 'add 169.254.170.23 and [fd00:ec2::23], the addresses of the agent, to NO_PROXY and no_proxy'
        }
      ]
    })
  }
})

const proxyNames: ReadonlySet<string> = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])

/** The first variable that names a proxy. */
const proxyOf = ({ proxies }: Container): Variable | undefined =>
  proxies.find(({ name, value }) => proxyNames.has(name.toUpperCase()) && value !== '')

/** Whether a container connects to an address directly, or may do so. */
const isExempt = (
  { variableSources }: Container,
  exceptions: readonly Variable[],
  address: string
): boolean =>
  exceptions.some(({ value }) => value === undefined || isProxyBypassed(value, address)) ||
  // A Secret or ConfigMap may set NO_PROXY.
  (exceptions.length === 0 && variableSources.length > 0)

/** The IP address in an HTTP URL; undefined if the URL has a host name or is known only at run time. */
const addressIn = (uri: string): string | undefined =>
  /^http:\/\/([\d.]{7,15}|\[[\da-f:.]{2,45}\])(?:[:/]|$)/i.exec(uri)?.[1]
