/**
 * What can go wrong on purpose. A fault carries a code for machines, a sentence for the caller, particulars that a
 * plane may need to say it in its protocol's words, and (as `cause`) whatever the operator needs. Anything thrown that
 * isn't a Fault is a bug: it reaches the caller as "internal" and nothing more. No fault holds a value or a token.
 */
const faultCodes = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'deleted-not-found',
  'deleted-but-recoverable',
  'conflict',
  'precondition',
  'locked',
  'disabled',
  'protected',
  'unsettled',
  'too-large',
  'throttled',
  'unavailable',
  'internal',
] as const
export type FaultCode = (typeof faultCodes)[number]
export type Particulars = Readonly<Record<string, string>>

export class Fault extends Error {
  readonly code: FaultCode
  readonly particulars: Particulars
  constructor(code: FaultCode, message: string, particulars: Particulars = {}, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
    this.particulars = particulars
  }
}

/** What was thrown, as a fault: a bug is `internal`, with itself as the cause. */
export const faultOf = (error: unknown): Fault =>
  error instanceof Fault ? error : new Fault('internal', 'Something went wrong on our side.', {}, { cause: error })
