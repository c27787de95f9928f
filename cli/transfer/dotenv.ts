import { parseEnv } from 'node:util'
import { Misuse } from '../command.ts'
import type { Entry } from './entry.ts'

/** `.env`, read as Node reads it; a line that says nothing is refused rather than passed over. */
export function dotenvEntries(text: string): Entry[] {
  const found = parseEnv(text)
  const lines = text.split(/\r?\n/)
  let quote: string | undefined
  for (const [at, line] of lines.entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined
      continue
    }
    if (/^\s*(#|$)/.test(line)) continue
    const begun = /^\s*(?:export\s+)?([^\s=#]+)\s*=\s*(.*)$/.exec(line)
    if (begun === null || !Object.hasOwn(found, begun[1] as string)) {
      throw new Misuse(`Line ${at + 1} is not of the form NAME=VALUE.`)
    }
    const rest = begun[2] as string
    const mark = /^["'`]/.exec(rest)?.[0]
    if (
      mark !== undefined &&
      !rest.slice(1).includes(mark) &&
      lines.slice(at + 1).some((later) => later.includes(mark))
    ) {
      quote = mark
    }
  }
  return Object.entries(found).map(([name, value]) => ({ name, value: value ?? '' }))
}

/** A line that every reader of such files, and a shell, understands alike; undefined where there is none. */
function lineOf(name: string, value: string): string | undefined {
  if (/^[\w./:@%+,=-]*$/.test(value)) return `${name}=${value}`
  if (!value.includes("'") && !value.includes('\r')) return `${name}='${value}'`
  if (!/["\\$`\r]/.test(value)) return `${name}="${value}"`
  return undefined
}

/** The file with these names and values. What it can't say unmistakably is refused by name. */
export function dotenvText(entries: readonly Entry[]): string {
  return entries
    .map(({ name, value }) => {
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new Misuse(`${name} can't be the name of a variable.`, 'Export as JSON.')
      const line = lineOf(name, value)
      if (line === undefined || parseEnv(line)[name] !== value) {
        throw new Misuse(
          `The value of ${name} has marks that readers of .env understand differently.`,
          'Export as JSON.',
        )
      }
      return `${line}\n`
    })
    .join('')
}
