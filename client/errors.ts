/** What can go wrong on purpose. A message names keys, addresses and reasons; it never holds a value, a token or an answer's text. */
export type ErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'throttled'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'refused'
  | 'malformed'
  | 'untrusted'
  | 'invalid'
  | 'consumer'
  | 'closed'

type Details = {
  readonly key?: string | undefined
  readonly status?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** An error of this library: a code for programs, a sentence for people, and the key it is about where there is one. */
export class ConfigurationError extends Error {
  readonly code: ErrorCode
  /** The key, as the program reads it, that couldn't be resolved or applied. */
  readonly key: string | undefined
  /** The HTTP status that the service answered. */
  readonly status: number | undefined
  /** How long the service asked to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'ConfigurationError'
    this.code = code
    this.key = details.key
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
  }
}

/** Whatever was thrown, as an error of ours. A foreign error's text may hold anything, so it stays in `cause`. */
export const errorFrom = (thrown: unknown, doing: string): ConfigurationError =>
  thrown instanceof ConfigurationError
    ? thrown
    : new ConfigurationError('refused', `${doing} failed unexpectedly.`, { cause: thrown })

/** The same error, told about a key. */
export const about = (key: string, error: ConfigurationError): ConfigurationError =>
  new ConfigurationError(error.code, `"${key}": ${error.message}`, {
    key,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    cause: error,
  })
