import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

// Node.js runs TypeScript files, but does not look for `x.ts` when a file imports `x.js`, as TypeScript does.
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (
      specifier.startsWith('.') &&
      specifier.endsWith('.js') &&
      context.parentURL?.endsWith('.ts') === true
    ) {
      const url = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL)
      if (existsSync(fileURLToPath(url)))
        return { url: url.href, format: 'module-typescript', shortCircuit: true }
    }

    return nextResolve(specifier, context)
  }
})
