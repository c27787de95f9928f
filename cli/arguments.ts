import { parseArgs } from 'node:util'
import { type Shape, ShapeError } from '@cardea/contract/shape'
import { type Command, type Given, Misuse, type Options, type Takes } from './command.ts'
import { nearest } from './nearest.ts'

export type Parsed = { readonly given: Given<Takes, Options>; readonly help: boolean }

/** What a command was given, checked against what it takes. A message never repeats an argument: it may be a secret. */
export function argumentsOf({ name, takes, noMore, options }: Command, words: readonly string[]): Parsed {
  const known: Options = { ...options, help: { type: 'boolean', says: '' } }
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(Object.entries(known).map(([option, { type }]) => [option, { type }])),
    strict: false,
    tokens: true,
  })
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(options).map(([option, { type, multiple }]) => [
      option,
      type === 'boolean' ? false : multiple ? [] : undefined,
    ]),
  )
  const places: string[] = []
  let help = false
  for (const token of tokens) {
    if (token.kind === 'positional') places.push(token.value)
    if (token.kind !== 'option') continue
    const option = known[token.name]
    if (token.name === 'help' || token.rawName === '-h') help = true
    else if (option === undefined) throw unknownOption(name, token.rawName, Object.keys(known))
    else if (option.type === 'boolean') {
      if (token.value !== undefined) throw new Misuse(`${token.rawName} takes no value.`, helpFor(name))
      given[token.name] = true
    } else if (token.value === undefined || (!token.inlineValue && /^--[a-z]/.test(token.value))) {
      throw new Misuse(`${token.rawName} needs a value: ${token.rawName} ${option.value ?? 'VALUE'}.`, helpFor(name))
    } else if (option.multiple) given[token.name] = [...(given[token.name] as string[]), token.value]
    else if (given[token.name] !== undefined) throw new Misuse(`${token.rawName} is given twice.`, helpFor(name))
    else given[token.name] = token.value
  }
  const wanted = Object.entries(takes)
  const missing = wanted.slice(places.length).find(([, { optional }]) => !optional)
  if (!help && missing)
    throw new Misuse(`${name} needs ${missing[0].toUpperCase()}: ${missing[1].says}.`, helpFor(name))
  if (!help && places.length > wanted.length) {
    const count =
      wanted.length === 0 ? 'no argument' : wanted.length === 1 ? 'one argument' : `${wanted.length} arguments`
    throw new Misuse(`${name} takes ${count}, and was given ${places.length}.`, noMore ?? helpFor(name))
  }
  for (const [at, [place]] of wanted.entries()) given[place] = places[at]
  if (!help) {
    for (const [place, { shape }] of wanted) fits(name, place.toUpperCase(), given[place], shape)
    for (const [option, { shape }] of Object.entries(options)) fits(name, `--${option}`, given[option], shape)
  }
  return { given: given as Given<Takes, Options>, help }
}

function fits(name: string, what: string, given: unknown, shape: Shape<string> | undefined): void {
  if (given === undefined || shape === undefined) return
  try {
    shape.read(given, what)
  } catch (error) {
    if (error instanceof ShapeError) throw new Misuse(`${error.message}.`, helpFor(name))
    throw error
  }
}

const helpFor = (name: string): string => `See: cardea help ${name}`

function unknownOption(name: string, raw: string, known: readonly string[]): Misuse {
  const meant = nearest(raw.replace(/^-+/, ''), known)
  return new Misuse(`${name} has no option ${raw}.`, meant === undefined ? helpFor(name) : `Did you mean --${meant}?`)
}
