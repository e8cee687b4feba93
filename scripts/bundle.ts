import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

// Defines what CommonJS dependencies expect and an ES module lacks.
const banner = `import { createRequire as createRequireOfBundle } from 'node:module'
import { fileURLToPath as pathOfBundle } from 'node:url'
const require = createRequireOfBundle(import.meta.url)
const __filename = pathOfBundle(import.meta.url)
const __dirname = pathOfBundle(new URL('.', import.meta.url))`

/** The pages of all rules, which `irsa-guard explain` prints. */
const pages = Object.fromEntries(
  readdirSync('docs/rules')
    .filter((file) => file !== 'README.md')
    .map((file) => [file.replace(/\.md$/, ''), readFileSync(join('docs/rules', file), 'utf8')])
)

/**
 * Writes dist/irsa-guard.mjs, the command, and dist/library.mjs, the public API. Each contains all that it
 * depends on, so neither the image nor the npm package needs node_modules.
 */
const { metafile } = await build({
  entryPoints: { 'irsa-guard': 'src/cli.ts', library: 'src/library/index.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  preserveSymlinks: true, // the same bytes even if node_modules is a symlink
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  define: { bundledRulePages: JSON.stringify(pages) },
  // The output is not minified, so that stack traces from production are readable.
  banner: { js: banner },
  logLevel: 'warning'
})

/** The folders of all packages whose code is in the bundles, including packages nested in other packages. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []
  )
)

/** The copyright notices and license texts, which these packages' licenses require in every copy. */
const notices = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:\.|-|$)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  if (license === undefined && texts.length === 0) throw new Error(`${folder} has no license`)

  return [`${name ?? folder} ${version ?? ''} (${license ?? 'see below'})`, ...texts].join('\n\n')
})
writeFileSync('dist/bundled-packages.json', `${JSON.stringify([...packages].sort(), null, 2)}\n`)
const rule = '='.repeat(80)
writeFileSync(
  'dist/THIRD-PARTY-NOTICES.txt',
  `irsa-guard contains code of the following packages.\n\n${notices.map((notice) => `${rule}\n${notice}\n`).join('\n')}`
)
