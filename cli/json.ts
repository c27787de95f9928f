import { Misuse } from './command.ts'

/** What a text says in JSON; where it says nothing, the place is named, and never what stands there. */
export function jsonIn(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const { line, column } = placeOfFault(text)
    throw new Misuse(`${what} is no JSON: look at line ${line}, column ${column}.`)
  }
}

/**
 * Where a text stops being JSON: the end of the longest beginning that could still become some. What the runtime says of
 * it names the place only sometimes, and quotes the text, which may be a secret that was given by mistake.
 */
function placeOfFault(text: string): { line: number; column: number } {
  let [good, bad] = [0, text.length + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (couldGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  const lines = text.slice(0, good).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const { message } = error as Error
    const at = /at position (\d+)/.exec(message)?.[1]
    return /end of JSON|^Unterminated/.test(message) || (at !== undefined && Number(at) >= beginning.length)
  }
}
