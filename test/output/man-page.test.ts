import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { commands } from '../../src/commands/index.js'
import { manPageOf } from '../../src/output/man-page.js'

t.test('no text of a command has a meaning for roff', async (t) => {
  const page = manPageOf('1.2.3', [
    {
      name: 'check',
      usage: '[options] <files...>',
      description: 'check \\fB files',
      options: [{ term: '-o, --output', description: ".yaml and 'quoted'" }],
      notes: "Examples:\n.TH\n'br\n  irsa-guard check -"
    }
  ])
  t.match(page, '.TH IRSA-GUARD 1 "" "irsa-guard 1.2.3" "User Commands"\n')
  t.match(page, '\n.SS check [options] <files...>\ncheck \\efB files.\n.TP\n.B \\-o, \\-\\-output\n\\&.yaml')
  t.match(page, "\n.nf\nExamples:\n\\&.TH\n\\&'br\n  irsa\\-guard check \\-\n.fi\n")
})

t.test('the page names every command, with its examples', async (t) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/man-page.ts'], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
  const page = readFileSync('dist/irsa-guard.1', 'utf8')
  for (const name of Object.keys(commands)) t.match(page, `\n.SS ${name.replaceAll('-', '\\-')} `, name)
  t.match(page, '  irsa\\-guard check manifests/*.yaml \\-\\-iam iam.json\n')
})
