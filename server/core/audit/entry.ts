import { type RotationState, rotationStates } from '@cardea/contract/cardea/rotations'
import type { Instant } from '#base/clock.ts'
import type { FaultCode } from '#base/fault.ts'
import type { Caller } from '#core/identity/caller.ts'

/** Around a call: where it came from, and the number that its sender knows it by. */
export type Circumstances = {
  readonly address: string
  readonly correlation: string
  readonly agent: string
}

/** How a deed ended: well, or with a fault; a step of a rotation, with the state that it led to, or a deadline that it met. */
export type AuditOutcome = 'done' | FaultCode | RotationState | 'deadline'

/** What is written down of a rotation that can't go on, goes back, or leaves somebody behind. */
const mishaps: ReadonlySet<string> = new Set(['blocked', 'compensating', 'aborted', 'deadline'] satisfies (
  | RotationState
  | 'deadline'
)[])
export const isMishap = (outcome: string): boolean => mishaps.has(outcome)

const steps = new Set<string>(rotationStates).difference(mishaps)

/** Whether a deed ended well; a step of a rotation did that leads on. */
export const wentWell = (outcome: string): boolean => outcome === 'done' || steps.has(outcome)

/** One line of the journal of deeds: who did or tried what, when, and how it ended. Never a value. */
export type AuditEntry = {
  at: Instant
  readonly operation: string
  readonly resource: string
  readonly caller: Caller
  readonly outcome: AuditOutcome
  readonly circumstances: Circumstances
}

export const inside: Circumstances = { address: '', correlation: '', agent: 'cardea' }

/** An entry as it was kept: in which series, and under which number of it. Whoever kept it may have known other outcomes. */
export type KeptEntry = Omit<AuditEntry, 'outcome'> & {
  readonly outcome: string
  readonly writer: string
  readonly number: number
}

/** Where an entry stands among all of them: by time, then by series and number. */
export type Place = { readonly at: Instant; readonly writer: string; readonly number: number }
