import type { Command, Option } from './command.ts'
import { quoted } from './shell.ts'

/** Scripts with which shells complete, made from what the commands say of themselves. */

/** The words that may follow words: first words after nothing, second ones after a first. */
function following(commands: readonly Command[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of commands) {
    const words = name.split(' ')
    for (const [at, word] of words.entries()) {
      const before = words.slice(0, at).join(' ')
      const known = found.get(before) ?? []
      if (!known.includes(word)) found.set(before, [...known, word])
    }
  }
  found.set('', [...(found.get('') ?? []), 'help', 'version'])
  return found
}

const optionsOf = ({ options }: Command): string[] => [...Object.keys(options), 'help'].map((name) => `--${name}`)

/** The values of an option of which there are only a few: what its help shows as `json|yaml`, or names. */
function choicesOf({ value = '', choices: told }: Option): readonly string[] {
  if (told !== undefined) return told
  const choices = value.split('|')
  return choices.length > 1 && choices.every((one) => /[a-z]/.test(one)) ? choices : []
}

const takesFile = ({ value = '' }: Option): boolean => ['FILE', 'DIR', 'SOURCE'].includes(value)

type Valued = {
  readonly command: string
  readonly option: string
  readonly choices: readonly string[]
  readonly file: boolean
}
const valuedOf = (commands: readonly Command[]): Valued[] =>
  commands.flatMap(({ name, options }) =>
    Object.entries(options)
      .filter(([, { type }]) => type === 'string')
      .map(([option, about]) => ({
        command: name,
        option: `--${option}`,
        choices: choicesOf(about),
        file: takesFile(about),
      })),
  )

/** The arms of a `case` that bash and zsh read alike. */
function arms(commands: readonly Command[]): { words: string; options: string; values: string } {
  const arm = (pattern: string, words: readonly string[]) =>
    `    ${quoted(pattern)}) found=${quoted(words.join(' '))} ;;`
  const valued = valuedOf(commands)
  const value = ({ command, option, choices, file }: Valued) =>
    `    ${quoted(`${command} ${option}`)}) found=${quoted(choices.join(' '))}; files=${file ? 1 : 0} ;;`
  return {
    words: [...following(commands)].map(([before, words]) => arm(before, words)).join('\n'),
    options: commands.map((command) => arm(command.name, optionsOf(command))).join('\n'),
    values: valued.map(value).join('\n'),
  }
}

/** What both shells do: the words so far without options, then what may follow them. (`path` is zsh's own.) */
const search = (commands: readonly Command[]): string => {
  const { words, options, values } = arms(commands)
  return `  local spoken='' found='' files=2 word place
  for word in "\${before[@]}"; do
    case "$word" in
      -*) ;;
      *) case "$spoken" in *' '*) ;; *) spoken="\${spoken:+$spoken }$word" ;; esac ;;
    esac
  done
  for place in "$spoken" "\${spoken%% *}"; do
    if [ "$files" = 2 ]; then case "$place $last" in
${values}
    esac; fi
  done
  if [ "$files" = 2 ]; then
    files=0
    case "$current" in
      -*) for place in "$spoken" "\${spoken%% *}"; do
        if [ -z "$found" ]; then case "$place" in
${options}
        esac; fi
      done ;;
      *) case "$spoken" in
${words}
        *) files=1 ;;
      esac ;;
    esac
  fi`
}

/** What `cardea completion` prints for each of the three shells: all commands, with their options and words. */
export const bashCompletion = (commands: readonly Command[]): string => `# Completion of cardea for bash.
_cardea() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  local last="\${COMP_WORDS[COMP_CWORD-1]}"
${search(commands)}
  COMPREPLY=()
  if [ -n "$found" ]; then COMPREPLY=($(compgen -W "$found" -- "$current"))
  elif [ "$files" = 1 ]; then COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _cardea cardea
`

export const zshCompletion = (commands: readonly Command[]): string => `#compdef cardea
# Completion of cardea for zsh.
_cardea() {
  local current="\${words[CURRENT]}"
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
  local last="\${words[CURRENT-1]}"
${search(commands)}
  if [ -n "$found" ]; then compadd -- \${=found}
  elif [ "$files" = 1 ]; then _files
  fi
}
if [ "$funcstack[1]" = _cardea ]; then _cardea "$@"; else compdef _cardea cardea; fi
`

export function fishCompletion(commands: readonly Command[]): string {
  const lines = ['# Completion of cardea for fish.', fishFunction, 'complete -c cardea -f']
  const at = (path: string) => fishQuoted(`__cardea_at ${path}`.trim())
  for (const [before, words] of following(commands)) {
    for (const word of words) {
      const named = commands.find(({ name }) => name === (before === '' ? word : `${before} ${word}`))
      const says = named === undefined ? '' : ` -d ${fishQuoted(named.says)}`
      lines.push(`complete -c cardea -n ${at(before)} -a ${fishQuoted(word)}${says}`)
    }
  }
  for (const { name, options } of commands) {
    for (const [option, about] of Object.entries(options)) {
      const choices = choicesOf(about)
      const value =
        about.type === 'boolean'
          ? ''
          : takesFile(about)
            ? ' -r -F'
            : choices.length > 0
              ? ` -x -a ${fishQuoted(choices.join(' '))}`
              : ' -x'
      lines.push(
        `complete -c cardea -n ${fishQuoted(`__cardea_in ${name}`)} -l ${option}${value} -d ${fishQuoted(about.says)}`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

/** Whether the words so far, without options, are exactly these, or begin with them. */
const fishFunction = `function __cardea_words
  set -l words (commandline -opc)
  for word in $words[2..-1]
    string match -q -- '-*' $word; or echo $word
  end
end
function __cardea_at
  test "$(__cardea_words)" = "$argv"
end
function __cardea_in
  set -l words (__cardea_words)
  test "$words[1..$(count $argv)]" = "$argv"
end`

const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
