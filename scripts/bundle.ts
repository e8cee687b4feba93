import { build } from 'esbuild'

// What dependencies written for CommonJS expect to find, and a module does not have.
const banner = `import { createRequire as createRequireOfBundle } from 'node:module'
import { fileURLToPath as pathOfBundle } from 'node:url'
const require = createRequireOfBundle(import.meta.url)
const __filename = pathOfBundle(import.meta.url)
const __dirname = pathOfBundle(new URL('.', import.meta.url))`

/** Writes dist/irsa-guard.mjs: the command and all that it depends on in one file, so that an image needs no node_modules. */
await build({
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/irsa-guard.mjs',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Names are kept and nothing is squeezed: a stack trace from production must be readable.
  banner: { js: banner },
  logLevel: 'warning'
})
