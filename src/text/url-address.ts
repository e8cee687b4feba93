/** The host and port of an https URL, in the form that a socket needs: an IPv6 address has no brackets. */
export function addressOfUrl(url: string | URL): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)

  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 443 : port) }
}
