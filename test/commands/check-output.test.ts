import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { check, type CheckOptions } from '../../src/commands/check.js'
import { writeOutputs } from '../../src/commands/support/outputs.js'
import { complain, errorStyleOf, styleOf } from '../../src/commands/support/terminal.js'
import { runCli as run } from '../support/run-cli.js'

const examples = ['check', 'examples/service-accounts.yaml', '--iam', 'examples/iam.json']

/** Whether a text is the JSON report about the examples. */
const isReport = (text: string): boolean => {
  const { kind, summary } = JSON.parse(text) as { kind: string; summary: { errors: number } }

  return kind === 'Report' && summary.errors === 2
}

t.test('one run writes several formats', async (t) => {
  const directory = t.testdir({})
  const plain = await run(examples)
  t.strictSame(await run([...examples, '-o', 'text', '-o', `json=${directory}/a=b.json`]), plain)
  t.ok(isReport(readFileSync(`${directory}/a=b.json`, 'utf8')))
  t.strictSame(
    await run([
      ...examples,
      '-o',
      `text=${directory}/a.txt`,
      '-o',
      `json=${directory}/a.json`,
      '--color',
      'always'
    ]),
    { code: 1, stdout: '', stderr: '' }
  )
  t.ok(isReport(readFileSync(`${directory}/a.json`, 'utf8')))
  const text = readFileSync(`${directory}/a.txt`, 'utf8')
  t.match(text, '\u001b[31merror')
  t.equal(stripVTControlCharacters(text), plain.stdout)
  const { stdout } = await run([...examples, '-o', `text=${directory}/v.txt`, '-o', 'json', '-v', '--ascii'])
  t.ok(isReport(stdout))
  t.match(
    readFileSync(`${directory}/v.txt`, 'utf8'),
    /at {6}metadata\.annotations[^]*\nx 2 errors - 3 objects judged\n/
  )
  t.match(await run(['check', 'gone.yaml', '-o', `text=${directory}/a.txt`]), { code: 2, stdout: '' })
  t.equal(
    readFileSync(`${directory}/a.txt`, 'utf8'),
    '? no findings · no objects · not everything could be read\n',
    'no old report is left'
  )
})

t.test('a file that cannot be written is named with the reason; the others are written', async (t) => {
  const directory = t.testdir({ 'a.txt': '', readonly: {} })
  symlinkSync(`${directory}/gone/target`, `${directory}/link`)
  chmodSync(`${directory}/readonly`, 0o500)
  const isRoot = process.getuid?.() === 0
  const table: readonly (readonly [file: string, reason: string])[] = [
    [`${directory}/gone/a.json`, `there is no directory ${directory}/gone; create it first`],
    [directory, 'it is a directory; name a file in it'],
    [`${directory}/a.txt/a.json`, `${directory}/a.txt is not a directory`],
    [`${directory}/link`, `ENOENT: no such file or directory, open '${directory}/link'`],
    ...(existsSync('/dev/full') ? [['/dev/full', 'no space is left on the disk'] as const] : []),
    ...(isRoot ? [] : [[`${directory}/readonly/a.json`, 'permission denied'] as const])
  ]
  for (const [file, reason] of table) {
    const { code, stdout, stderr } = await run([
      ...examples,
      ...['-o', `json=${file}`, '-o', 'text', '-o', `json=${directory}/good.json`]
    ])
    t.equal(code, 2, file)
    t.equal(stderr, `irsa-guard: --output json: "${file}" cannot be written: ${reason}\n`)
    t.match(stdout, /✗ 2 errors/)
    t.ok(isReport(readFileSync(`${directory}/good.json`, 'utf8')))
  }
  t.match(
    await run([...examples, '-o', `json=${directory}/gone/a`, '-o', `text=${directory}`]),
    { code: 2, stderr: /gone; create it first\n--output text: .* it is a directory/ },
    'a line for each'
  )
})

t.test('a name of an output file cannot forge lines', async (t) => {
  await t.rejects(
    writeOutputs([{ format: 'json', file: 'gone\n/x\u001b[2J' }], () => '', { stdout: () => undefined }),
    {
      code: 'ERR_OUTPUT',
      message:
        '--output json: "gone\\n/x\\u{1b}[2J" cannot be written: there is no directory gone\\n; create it first'
    }
  )
})

t.test('colors follow --color, then NO_COLOR and FORCE_COLOR', async (t) => {
  const isColored = async (args: readonly string[], environment: NodeJS.ProcessEnv): Promise<boolean> => {
    const { stdout, stderr } = await run([...examples, ...args], '', { TERM: 'xterm', ...environment })
    t.equal(stderr.replaceAll(/^\(.*\n/gm, ''), '') // Node warns about NO_COLOR next to FORCE_COLOR
    t.match(stripVTControlCharacters(stdout), /✗ 2 errors/)

    return stdout !== stripVTControlCharacters(stdout)
  }
  t.equal(await isColored([], {}), false, 'a pipe')
  t.equal(await isColored([], { FORCE_COLOR: '1' }), true)
  t.equal(await isColored([], { FORCE_COLOR: '0' }), false)
  t.equal(await isColored(['--color', 'never'], { FORCE_COLOR: '1' }), false)
  t.equal(await isColored(['--color', 'always'], {}), true)
  t.equal(await isColored(['--color', 'always'], { NO_COLOR: '1' }), true, 'the flag wins')
  t.equal(await isColored(['--color', 'auto'], { NO_COLOR: '1' }), false)
})

t.test('the style follows the flags, then the terminal', async (t) => {
  const screen = { columns: 100, isDumb: false }
  t.strictSame(styleOf({}, { screen, hasColors: true }), {
    ...{ color: true, ascii: false, width: 100, verbosity: 'normal' }
  })
  t.match(styleOf({}, {}), { color: false, width: undefined })
  t.match(styleOf({ color: 'never' }, { screen, hasColors: true }), { color: false })
  t.match(styleOf({}, { screen: { columns: 10, isDumb: true } }), { ascii: true, width: 40 })
  t.match(styleOf({ ascii: true, quiet: true }, { screen }), { ascii: true, verbosity: 'quiet' })
  t.match(styleOf({ verbose: true }, { screen }), { verbosity: 'verbose' })
})

t.test('an error on a terminal is wrapped, and its command stays whole', async (t) => {
  const written = (errorScreen?: { columns: number }): string => {
    let text = ''
    const stderr = (more: string): void => void (text += more)
    complain(
      { stderr, ...(errorScreen && { errorScreen }) },
      'charts/shop is a chart and was not rendered; render it first: helm template charts/shop | irsa-guard check -\n  and \u001b[31m'
    )
    return text
  }
  const command = 'helm template charts/shop | irsa-guard check -\n'
  const end = '  and \\u{1b}[31m\n'
  t.equal(
    written(),
    `irsa-guard: charts/shop is a chart and was not rendered; render it first: ${command}${end}`
  )
  const narrow = `irsa-guard: charts/shop is a chart and\n  was not rendered; render it first:\n  ${command}${end}`
  t.equal(written({ columns: 40 }), narrow)
  t.equal(written({ columns: 10 }), narrow, 'no terminal is narrower than 40 columns')
  t.match(errorStyleOf({ ascii: true }, { errorScreen: { columns: 72 } }), {
    width: 72,
    color: false,
    ascii: true
  })
  t.match(errorStyleOf({}, {}), { width: undefined })
})

t.test('a report on a narrow terminal is wrapped', async (t) => {
  let stdout = ''
  const options: CheckOptions = { iam: ['examples/iam.json'], failOn: 'error', failOnUnknown: false }
  const code = await check(['examples/service-accounts.yaml'], options, {
    stdin: Readable.from([]),
    stdout: (text) => (stdout += text),
    stderr: (text) => t.fail(text),
    screen: { columns: 60, isDumb: true },
    hasColors: false
  })
  t.equal(code, 1)
  t.match(stdout, /\n {6}fix {5}create the role, or point the annotation at an\n {14}existing one; /)
  t.match(stdout, /\nx 2 errors - 3 objects judged - [\d.]+ s\n/)
})
