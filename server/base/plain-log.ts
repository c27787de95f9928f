import { createLog, type Log } from './log.ts'
import { oneLine } from './one-line.ts'

type Line = { readonly level: string; readonly time: string; readonly msg?: string; readonly error?: Failure }
type Failure = { readonly message: string; readonly stack?: readonly string[]; readonly cause?: Failure }

/** The same log for a person at a terminal: when, how grave, what happened, and behind it to what. */
export const createPlainLog = (level: string, tell: (line: string) => void): Log =>
  createLog(level, { write: (line) => tell(plainLine(line)) })

/** A line of the structured log in words. There JSON's quotes keep it one line; here nothing else does. */
function plainLine(json: string): string {
  const { level, time, msg = '', error, ...facts } = JSON.parse(json) as Line
  const about = Object.entries(facts).map(
    ([name, value]) => `${name} ${oneLine(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  const clock = new Date(time).toTimeString().slice(0, 8)
  const said = `${clock}  ${level}: ${oneLine(msg)}${about.length === 0 ? '' : ` (${about.join(', ')})`}`
  if (error === undefined) return said
  // Where it came from helps with what nobody foresaw, and only there.
  const places = level === 'error' || level === 'fatal' ? (error.stack ?? []) : []
  return [`${said}: ${wordsOf(error)}`, ...places.map((place) => `    ${oneLine(place)}`)].join('\n')
}

const wordsOf = ({ message, cause }: Failure): string =>
  cause === undefined ? oneLine(message) : `${oneLine(message)}; because: ${wordsOf(cause)}`
