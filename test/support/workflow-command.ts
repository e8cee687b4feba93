/** A workflow command, as the runner of GitHub Actions reads it (src/Runner.Common/ActionCommand.cs). */
export interface WorkflowCommand {
  readonly command: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

/** The workflow command in a line of a log; undefined if it contains none. */
export function parseWorkflowCommand(line: string): WorkflowCommand | undefined {
  if (!line.trimStart().startsWith('::')) {
    if (line.includes('##[')) throw new Error(`the older syntax of commands: ${line}`)
    return undefined
  }
  const [head = '', ...rest] = line.trimStart().slice(2).split('::')
  const [command = '', ...list] = head.split(' ')
  const decoded = (text: string): string =>
    text.replace(/%(?:0D|0A|3A|2C|25)/g, (sequence) => decodeURIComponent(sequence))

  return {
    command,
    properties: Object.fromEntries(
      list
        .join(' ')
        .split(',')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), decoded(pair.slice(pair.indexOf('=') + 1))])
    ),
    message: decoded(rest.join('::'))
  }
}
