import { BlockList, isIP } from 'node:net'

/**
 * Whether AWS might be able to reach an issuer to read its keys. AWS cannot reach private addresses, or names
 * that only a cluster or a private network resolves.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html ("publicly
 * accessible")
 */
export function isPublicIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return true // another check reports it
  const host = new URL(issuer).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const family = isIP(host)
  if (family !== 0) return !privateAddresses.check(host, family === 4 ? 'ipv4' : 'ipv6')

  return host.includes('.') && !privateNames.test(host)
}

// https://www.rfc-editor.org/rfc/rfc6761 and https://www.rfc-editor.org/rfc/rfc6762; ".internal" is reserved
// by ICANN; ".svc" is how Kubernetes abbreviates the names of Services.
const privateNames = /\.(?:local|localhost|internal|svc|localdomain|test|invalid|lan|home\.arpa)$/i

const privateAddresses = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10]
] as const)
  privateAddresses.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10]
] as const)
  privateAddresses.addSubnet(network, prefix, 'ipv6')
