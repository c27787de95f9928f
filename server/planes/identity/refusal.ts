import { faultOf } from '#base/fault.ts'
import { json } from '#base/media-types.ts'
import type { Answer, Call } from '../plane.ts'

/** A refusal in OAuth's form (RFC 6749 5.2) with Entra's number, which `az` prints. */
export class Refusal extends Error {
  readonly status: number
  readonly error: string
  readonly number: number
  /** After how many seconds asking again makes sense. */
  readonly retrySeconds: number | undefined
  constructor(status: number, error: string, number: number, words: string, retrySeconds?: number) {
    super(words)
    this.name = 'Refusal'
    this.status = status
    this.error = error
    this.number = number
    this.retrySeconds = retrySeconds
  }
}

/** What a stranger sent, short and without anything that could pretend to be another line, or a page's own words. */
export const clean = (text: string | undefined): string => (text ?? '').slice(0, 64).replace(/[^\w.:/-]/g, '?')

/** A parameter that isn't there. */
export const missing = (name: string): Refusal =>
  new Refusal(
    400,
    'invalid_request',
    900144,
    `The request body must contain the following parameter: '${clean(name)}'.`,
  )

/** A tenant that isn't ours. */
export const unknownTenant = (tenant: string | undefined): Refusal =>
  new Refusal(
    400,
    'invalid_request',
    90002,
    `Tenant '${clean(tenant)}' not found. Check to make sure you have the correct tenant ID.`,
  )

/** Answers that hold a token, or might: nobody on the way may keep them (RFC 6749 5.1). */
export const fresh = {
  'content-type': json,
  'cache-control': 'no-store, no-cache',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
}

/** A refusal as an answer; `at` is when. */
export function refusalAnswer(refusal: Refusal, { requestId, circumstances }: Call, at: number): Answer {
  const { status, error, number, message, retrySeconds } = refusal
  const correlation = circumstances.correlation || requestId
  const body = {
    error,
    error_description: `AADSTS${number}: ${message} Trace ID: ${requestId} Correlation ID: ${correlation}`,
    error_codes: [number],
    timestamp: new Date(at).toISOString().replace('T', ' ').slice(0, 19).concat('Z'),
    trace_id: requestId,
    correlation_id: correlation,
  }
  const headers = retrySeconds === undefined ? fresh : { ...fresh, 'retry-after': String(retrySeconds) }
  return { status, headers, body: JSON.stringify(body) }
}

/** What went wrong, as a refusal; a bug stays one. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { code, message, particulars } = faultOf(error)
  if (code === 'throttled') {
    const seconds = Math.ceil(Number(particulars.retryMs ?? 1_000) / 1_000)
    return new Refusal(429, 'temporarily_unavailable', 90055, message, seconds)
  }
  if (code !== 'unavailable') throw error
  return new Refusal(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.')
}
