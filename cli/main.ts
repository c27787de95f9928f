import { ConfigurationError } from '@cardea/client'
import { argumentsOf } from './arguments.ts'
import { type Command, type ExitCode, Misuse, Refusal } from './command.ts'
import { areas, commands } from './commands.ts'
import { helpOf, overview } from './help.ts'
import { nearest, nearestVerb } from './nearest.ts'
import { fitted, type Paint, paintFor } from './print.ts'
import type { World } from './world.ts'

/** Runs what the words ask for. Gives the exit code: 0 done, 1 refused, 2 misused. */
export async function main(words: readonly string[], world: World): Promise<ExitCode> {
  const paint = paintFor(world.terminal)
  const explain = (text: string) => world.print(fitted(text, world.terminal.columns))
  try {
    if (['--version', '-v', 'version'].includes(words[0] ?? '')) {
      world.print(versionOf(world))
      return 0
    }
    if (words.length === 0 || words[0] === 'help' || words[0] === '--help' || words[0] === '-h') {
      explain(helpAbout(words.slice(1), paint))
      return 0
    }
    if (asksForFamily(words)) {
      explain(helpAbout(words.slice(0, 1), paint))
      return 0
    }
    const command = commandIn(words)
    const { given, help } = argumentsOf(command, words.slice(command.name.split(' ').length))
    if (help) {
      explain(helpOf(command, paint))
      return 0
    }
    return await command.run(given, world)
  } catch (error) {
    return failed(error, words.includes('--json'), world, paint)
  }
}

/** The command with the most words of its name at the beginning. */
function commandIn(words: readonly string[]): Command {
  const [one = '', two = ''] = words
  const found = commands.find(({ name }) => name === `${one} ${two}`) ?? commands.find(({ name }) => name === one)
  if (found !== undefined) return found
  const family = familyOf(one)
  if (family.length > 0) {
    const meant = meantIn(family, one, two)
    const all = `There are: ${family.join(', ')}.`
    if (two === '' || two.startsWith('-')) throw new Misuse(`"${one}" alone says too little.`, all)
    throw new Misuse(`"${one}" has no such command.`, meant === undefined ? all : `Did you mean: cardea ${meant}`)
  }
  // Only the first word is repeated: what follows may be a value.
  throw new Misuse(`There is no command "${one}".`, hintFor(one, two))
}

/** What somebody may have meant whose first word is none of ours. */
function hintFor(one: string, two: string): string {
  const first = nearest(one, [...commands.map(({ name }) => firstWord(name)), 'help', 'version'])
  if (first === undefined) return 'See: cardea help'
  const family = familyOf(first)
  if (family.length === 0) return `Did you mean: cardea ${first}`
  const meant = meantIn(family, first, two)
  return meant === undefined ? `Did you mean one of: ${family.join(', ')}?` : `Did you mean: cardea ${meant}`
}

/** The names of the commands that begin with this word and go on. */
const familyOf = (word: string): string[] =>
  commands.map(({ name }) => name).filter((name) => name.startsWith(`${word} `))

/** The member of a family that a word stands for, or that it nearly is. */
function meantIn(family: readonly string[], first: string, word: string): string | undefined {
  const verbs = family.map((name) => name.slice(first.length + 1))
  const meant = nearestVerb(word, verbs)
  return meant === undefined ? undefined : `${first} ${meant}`
}

const asksForFamily = ([one = '', two = '', ...more]: readonly string[]): boolean =>
  more.length === 0 && ['--help', '-h', 'help'].includes(two) && familyOf(one).length > 0 && !isCommand(one)
const isCommand = (word: string): boolean => commands.some(({ name }) => name === word)

const firstWord = (name: string): string => name.split(' ', 1)[0] as string

function helpAbout(words: readonly string[], paint: Paint): string {
  const asked = words.filter((word) => !word.startsWith('-'))
  if (asked.length === 0) return overview(areas, paint)
  const family = commands.filter(({ name }) => name.startsWith(`${asked.join(' ')} `))
  return family.length > 0 && !commands.some(({ name }) => name === asked.join(' '))
    ? overview([{ title: asked.join(' '), commands: family }], paint)
    : helpOf(commandIn(asked), paint)
}

const versionOf = (world: World): string =>
  (JSON.parse(world.readFile(new URL('./package.json', import.meta.url).pathname).toString()) as { version: string })
    .version

type Told = {
  readonly exit: ExitCode
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

function failed(error: unknown, json: boolean, world: World, paint: Paint): ExitCode {
  const { exit, code, message, hint } = told(error)
  if (json) world.tell(JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } }))
  else world.tell([paint.bad(message), ...(hint === undefined ? [] : [hint])].join('\n'))
  return exit
}

/** What we or our libraries say on purpose is told in its own words; anything else is a bug, and shows where. */
function told(error: unknown): Told {
  if (error instanceof Misuse) return { exit: 2, code: 'misused', message: error.message, hint: error.hint }
  if (error instanceof Refusal) return { exit: 1, code: error.code, message: error.message, hint: error.hint }
  if (error instanceof ConfigurationError) {
    const hint = error.code === 'unreachable' ? 'Is it running? Start one with: cardea start' : undefined
    return { exit: 1, code: error.code, message: error.message, hint }
  }
  if (!(error instanceof Error)) return { exit: 1, code: 'internal', message: String(error) }
  if (error.name === 'SettingsError') return { exit: 2, code: 'misused', message: error.message }
  if (error.name === 'NoInstallation') return { exit: 1, code: 'no-installation', message: error.message }
  const bug = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind)
  return { exit: 1, code: 'internal', message: bug ? (error.stack ?? error.message) : error.message }
}
