/** What completion scripts know about a command. */
export interface CommandShape {
  readonly name: string
  readonly description: string
  readonly options: readonly {
    /** Such as `-n` and `--namespace`. */
    readonly names: readonly string[]
    readonly description: string
    readonly takesValue: boolean
    readonly choices: readonly string[]
  }[]
  /** The allowed values of its arguments. */
  readonly choices: readonly string[]
}

export type Shell = 'bash' | 'zsh' | 'fish'

/** Scripts that complete commands, options and the values of options, by shell. */
export const completionScripts: Readonly<Record<Shell, (commands: readonly CommandShape[]) => string>> = {
  bash: bashScriptOf,
  zsh: zshScriptOf,
  fish: fishScriptOf
}

const program = 'irsa-guard'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html */
function bashScriptOf(commands: readonly CommandShape[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const valueCases = commands.flatMap(({ name, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ names, choices }) =>
          `    ${names.map((option) => `${name},${option}`).join('|')}) words=${quoted(choices.join(' '))} ;;`
      )
  )
  const commandCases = commands.map(
    ({ name, options, choices }) =>
      `    ${name}) words=${quoted([...options.flatMap(({ names }) => names), ...choices].join(' '))} ;;`
  )

  return `# bash completion for ${program}
_irsa_guard() {
  local cur prev command word words=''
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
    ${names.replaceAll(' ', '|')}) command=$word; break ;;
    esac
  done
  case $command,$prev in
${valueCases.join('\n')}
    *)
    case $command in
    '') words=${quoted(`${names} --help --version`)} ;;
${commandCases.join('\n')}
    esac
    ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _irsa_guard ${program}
`
}

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
function zshScriptOf(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, options, choices }) => {
    const specs = options.flatMap(({ names, description, takesValue, choices }) =>
      names.map((option) => {
        const value = !takesValue
          ? ''
          : choices.length === 0
            ? ':value:_files'
            : `:value:(${choices.join(' ')})`
        return quoted(`*${option}[${escapeZsh(description)}]${value}`)
      })
    )
    const rest = quoted(choices.length === 0 ? '*:file:_files' : `*:value:(${choices.join(' ')})`)

    return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`
  })

  return `#compdef ${program}
_irsa_guard() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _irsa_guard ]; then
  _irsa_guard "$@"
else
  compdef _irsa_guard ${program}
fi
`
}

const escapeZsh = (text: string): string => text.replace(/[[\]:\\]/g, String.raw`\$&`)

/** https://fishshell.com/docs/current/cmds/complete.html */
function fishScriptOf(commands: readonly CommandShape[]): string {
  const lines = commands.flatMap(({ name, description, options, choices }) => {
    const within = `complete -c ${program} -n '__fish_seen_subcommand_from ${name}'`

    return [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quotedFish(description)}`,
      ...options.map((option) =>
        [
          within,
          ...option.names.map((each) =>
            each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`
          ),
          ...(option.takesValue ? ['-r'] : []),
          ...(option.choices.length > 0 ? [`-f -a ${quotedFish(option.choices.join(' '))}`] : []),
          `-d ${quotedFish(option.description)}`
        ].join(' ')
      ),
      ...(choices.length > 0 ? [`${within} -f -a ${quotedFish(choices.join(' '))}`] : [])
    ]
  })

  return `# fish completion for ${program}\n${lines.join('\n')}\n`
}

const quotedFish = (text: string): string => `'${text.replace(/['\\]/g, String.raw`\$&`)}'`
