/** Host and port of an https URL, as a socket wants them: an IPv6 address without its brackets. */
export function addressOfUrl(url: string | URL): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)

  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 443 : port) }
}
