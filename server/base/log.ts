import { type Logger, pino } from 'pino'

/**
 * Structured logs for the operator, to standard error. They say what happened to what, never a value, a token or a
 * header: nothing is logged but what a line names, and errors only by type, message and stack.
 */
export type Log = Logger

type Destination = { write(line: string): void }

/** A log from this level on, to standard error unless another destination is given. */
export const createLog = (level: string, destination: Destination = pino.destination({ fd: 2, sync: true })): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => describe(error) },
    },
    destination,
  )

export const silentLog: Log = pino({ level: 'silent' })

/** What an operator may see of an error: its words and where it came from, and the same of its causes. */
function describe(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, cause } = error as Error & { code?: unknown }
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(depth === 0 && {
      stack: error.stack
        ?.split('\n')
        .map((line) => line.trim())
        // The message stands before it, with as many lines as it has.
        .filter((line) => line.startsWith('at '))
        .slice(0, 7),
    }),
    ...(cause !== undefined && depth < 4 && { cause: describe(cause, depth + 1) }),
  }
}
