import { shellQuote } from '../../text/shell.js'
import type { Certificate } from '../../x509/certificate.js'
import { bundleTextOf } from '../accepted-texts.js'
import { type CaInjection, decidingInjectionOf } from '../injection.js'
import { bestOrder, type Rotation } from '../rotation.js'
import { holdsCa } from '../same-ca.js'
import { type BundleHolder, holderName } from './bundle-holders.js'
import type { PreflightFix } from './row.js'

/** What to do about a bundle that lacks a CA. `certificates` are those that the API server reads from it. */
export function bundleFixOf(
  holder: BundleHolder,
  certificates: readonly Certificate[],
  rotation: Rotation,
  kubectl: string
): PreflightFix {
  const name = holderName(holder)
  if (holder.isUpdatedByAws)
    return { step: 'bundles', advice: `${name}: AWS updates this bundle; do not patch it` }
  const injection = decidingInjectionOf(holder.injections)
  if (injection !== undefined) return injectionFixOf(name, injection)

  // A control-plane webhook needs the cluster's CAs only. Elsewhere, the other CAs may be in use.
  const others =
    holder.place === 'control-plane'
      ? []
      : certificates.filter((certificate) => !holdsCa(rotation.trusted, certificate))

  return patchOf(holder, [...bestOrder(rotation), ...others], kubectl)
}

/** The fix for a bundle that an injector writes. The injector would overwrite a patch. */
function injectionFixOf(name: string, { annotation, from, value }: CaInjection): PreflightFix {
  // cainjector reads the CA of its own API server once, when it starts:
  // https://github.com/cert-manager/cert-manager/blob/master/cmd/cainjector/app/cainjector.go
  if (from === 'cluster')
    return {
      step: 'injector',
      advice: `${name}: cert-manager's cainjector writes this bundle (${annotation}), with the CAs that it read when it started`
    }

  return {
    step: 'bundles',
    advice: `${name}: an injector writes this bundle (${annotation}: ${value}); add the CA to the injector's source`
  }
}

/**
 * The command that replaces a bundle. It changes nothing if the webhook's name or the old bundle has changed
 * in the meantime. This way, it never overwrites another user's bundle.
 */
export function patchOf(
  holder: BundleHolder,
  certificates: readonly Certificate[],
  kubectl: string,
  step: 'bundles' | 'deletion' = 'bundles'
): PreflightFix {
  const { kind, name, webhook, path, config, caBundle } = holder
  const operations = [
    ...(webhook === undefined
      ? [{ op: 'test', path: '/metadata/name', value: name }]
      : [{ op: 'test', path: `/webhooks/${webhook.index}/name`, value: webhook.name }]),
    caBundle === undefined
      ? { op: 'test', path, value: config }
      : { op: 'test', path: `${path}/caBundle`, value: caBundle },
    {
      op: caBundle === undefined ? 'add' : 'replace',
      path: `${path}/caBundle`,
      value: bundleTextOf(certificates)
    }
  ]
  const patch = shellQuote(JSON.stringify(operations))
  if (patch.length > longestArgument)
    return {
      step,
      advice: `${holderName(holder)}: its bundle is too long for a command line (${caBundle?.length ?? 0} characters); edit the object`
    }

  return {
    step,
    command: `${kubectl} patch ${kind.toLowerCase()} ${shellQuote(name)} --type json -p ${patch}`
  }
}

// Linux accepts arguments of up to 128 KiB: https://man7.org/linux/man-pages/man2/execve.2.html
const longestArgument = 130_000
