import type { Instant } from '#base/clock.ts'
import type { Caller } from '#core/identity/caller.ts'

/** Around a call: where it came from, and the number that its sender knows it by. */
export type Circumstances = {
  readonly address: string
  readonly correlation: string
  readonly agent: string
}

/** One line of the journal of deeds: who did or tried what, when, and how it ended. Never a value. */
export type AuditEntry = {
  at: Instant
  readonly operation: string
  readonly resource: string
  readonly caller: Caller
  /** `done`, or the code of the fault. */
  readonly outcome: string
  readonly circumstances: Circumstances
}

export const inside: Circumstances = { address: '', correlation: '', agent: 'cardea' }

/** An entry as it was kept: in which series, and under which number of it. */
export type KeptEntry = AuditEntry & { readonly writer: string; readonly number: number }

/** Where an entry stands among all of them: by time, then by series and number. */
export type Place = { readonly at: Instant; readonly writer: string; readonly number: number }
