/**
 * The newest Go version whose behavior is reproduced here. API servers are built with Go 1.23 (Kubernetes
 * 1.32), 1.24 (1.33 and 1.34), 1.25 (1.35) and 1.26 (1.36 and later), according to the go.mod of each
 * k8s.io/apiserver release.
 */
export const newestGo = 26

/** Whether a string is a Go version, such as `1.23`, `go1.23.4` or `1.23.4`. */
export const isGoVersion = (text: string): boolean => /^(?:go)?1\.\d{1,3}(?:\.\d+)?$/.test(text)

/**
 * The minor version in a string such as `1.23`, `go1.23.4` or `1.23.4`; the newest known version for any
 * other string.
 */
export function goMinorOf(text: string | undefined): number {
  const minor = /^(?:go)?1\.(\d{1,3})(?:\D|$)/.exec(text ?? '')?.[1]

  return minor === undefined ? newestGo : Number(minor)
}
