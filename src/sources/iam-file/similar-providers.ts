const most = 5

/**
 * Of the ARNs of registered providers, those that were probably meant to be this one: https is left out of
 * both. At most five.
 */
export function similarProviders(arn: string, registered: readonly string[]): string[] {
  const wanted = plainOf(arn)
  const cluster = clusterOf(wanted)

  return registered
    .filter((other) => {
      const plain = plainOf(other)
      return other !== arn && (plain === wanted || (cluster !== undefined && clusterOf(plain) === cluster))
    })
    .slice(0, most)
}

/**
 * The issuer in a provider's ARN without what is often added or changed by hand: scheme, port, case, trailing
 * slashes.
 */
function plainOf(arn: string): string {
  const plain = arn
    .replace(/^arn:[^:]*:iam::\d*:oidc-provider\//, '')
    .toLowerCase()
    .replace(/^https?:\/*/, '')
    .replace(/^([^/]*):443(?=\/|$)/, '$1')
  let end = plain.length
  while (plain[end - 1] === '/') end--

  return plain.slice(0, end)
}

// An EKS cluster keeps its ID, whatever region or host precedes it: oidc.eks.…, or oidc-eks.…, which has IPv6
// addresses, too.
function clusterOf(plain: string): string | undefined {
  return /^oidc[.-]eks\.[^/]+\/id\/([0-9a-z]+)$/.exec(plain)?.[1]
}
