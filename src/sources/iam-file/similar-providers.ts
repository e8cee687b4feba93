const most = 5

/**
 * The registered providers, at most five, that the author of this ARN probably meant. Differences such as
 * `https://` are ignored.
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
 * The issuer in a provider's ARN without the parts that are often added or changed by hand: scheme, port,
 * case, trailing slashes.
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

// An EKS cluster's ID stays the same whichever region and host precede it: oidc.eks.…, or oidc-eks.…, which
// also has IPv6 addresses.
function clusterOf(plain: string): string | undefined {
  return /^oidc[.-]eks\.[^/]+\/id\/([0-9a-z]+)$/.exec(plain)?.[1]
}
