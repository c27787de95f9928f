import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Kind, Probe } from '@cardea/contract/rotation/provider'

/**
 * The rotation state machine, as a rule: what to do next, given how things stand, and where each answer leads. It knows
 * no clock, no database and no far side, so that the same rule drives the engine and an exhaustive search through every
 * order of crashes, late requests and strangers' writes.
 *
 *     planned → applying → verified → grace ⇄ returning; grace → retiring → done
 *         └────────┴──────────┴→ compensating → aborted      applying → blocked
 *
 * Proof comes before publishing, a human's write wins, and nothing ends while a request of ours may still be under way.
 */
export type Situation = {
  readonly kind: Kind
  /** The far side makes the value, not we. */
  readonly mints: boolean
  readonly state: RotationState
  /** What it starts from is kept, and the candidate too where it is ours to think of. */
  readonly prepared: boolean
  /** The candidate is known: thought of, or minted and its value received. */
  readonly known: boolean
  /** The candidate may have been sent before: then it is asked for first. */
  readonly sent: boolean
  /** Why it can't go on to be published, if it can't. */
  readonly withdrawn: Withdrawn | undefined
  /** No request of this rotation, and nobody who may still send one, is left. */
  readonly quiet: boolean
  /** Every live consumer runs on the new version, or the deadline has passed. */
  readonly graceOver: boolean
  /** A credential of ours was published before, and is to be taken away. */
  readonly retires: boolean
  /** Another version is published than the one that this rotation started from or made. */
  readonly displaced: boolean
  /** An operator has said that the far side is right as it is. */
  readonly accepted: boolean
  /** It has tried for as long as it may in this state. */
  readonly givenUp: boolean
}

/** Somebody published another version; the binding has gone or changed; the secret is off or deleted; too long in vain. */
export type Withdrawn = 'superseded' | 'unbound' | 'disabled' | 'given-up'

export type Step =
  /** Think of a candidate and keep it. */
  | 'prepare'
  /** See that what is published still works before anything is sent. */
  | 'check'
  /** Send the candidate and ask whether it is valid; if it was sent before, ask first. */
  | 'apply'
  /** Sweep what an earlier attempt has left, have the far side make a candidate, and keep it. */
  | 'mint'
  /** Make the candidate the current version. */
  | 'publish'
  /** Make the value before the current version again, if it still works. */
  | 'return'
  /** Take the old credential away and ask whether it is invalid. */
  | 'retire'
  /** Send what is published again, and ask whether it is valid. */
  | 'restore'
  /** Take the candidate away again, and ask whether it is invalid. */
  | 'undo'
  | 'wait'
  | { readonly to: RotationState }

/** What to do next, given how things stand. */
export function nextStep(now: Situation): Step {
  switch (now.state) {
    case 'planned':
      if (now.withdrawn !== undefined) return { to: 'compensating' }
      return now.prepared ? 'check' : 'prepare'
    case 'applying':
      if (now.withdrawn !== undefined) return { to: 'compensating' }
      if (now.known) return 'apply'
      // A request to mint that comes late makes another: so there is never more than one.
      return now.quiet ? 'mint' : 'wait'
    case 'verified':
      return now.withdrawn === undefined ? 'publish' : { to: 'compensating' }
    case 'grace':
      if (!now.graceOver || !now.quiet) return 'wait'
      return { to: now.retires || mends(now) ? 'retiring' : 'done' }
    case 'returning':
      return 'return'
    case 'retiring':
      if (now.givenUp && now.quiet) return { to: 'done' }
      return mends(now) ? 'restore' : 'retire'
    case 'compensating':
      if ((now.givenUp || now.accepted) && now.quiet) return { to: 'aborted' }
      if (now.accepted) return 'wait'
      if (restores(now)) return 'restore'
      if (undoes(now)) return now.mints && !now.quiet ? 'wait' : 'undo'
      return now.quiet ? { to: 'aborted' } : 'wait'
    case 'blocked':
      return now.withdrawn === undefined ? 'wait' : { to: 'compensating' }
    case 'done':
    case 'aborted':
      return 'wait'
  }
}

/** Only where our candidate went to the very place that the published value lives in can it have done harm. */
const restores = ({ kind, mints, sent, displaced }: Situation): boolean =>
  sent && !mints && (kind === 'single' || (kind === 'slots' && displaced))

/** Where there is but one place, somebody's change of it may have crossed with our request. */
const mends = ({ kind, sent, displaced }: Situation): boolean => kind === 'single' && sent && displaced

/** Where credentials live side by side, a candidate that isn't published must not stay. */
const undoes = ({ kind, sent }: Situation): boolean => sent && (kind === 'set' || kind === 'minted')

/** After the published credential was asked for. Unknown says nothing, and nothing is sent to who doesn't answer. */
export const afterCheck = (published: Probe | 'none'): RotationState =>
  published === 'unknown' ? 'planned' : 'applying'

/** After the candidate was asked for: only a clear yes is proof. All else is looked at again. */
export const afterApply = (candidate: Probe, lost: boolean): RotationState =>
  candidate === 'valid' ? 'verified' : candidate === 'invalid' && lost ? 'blocked' : 'applying'

/** After the value before was asked for, to which somebody wants to go back: only a clear answer ends the question. */
export const afterReturn = (previous: Probe): 'publish' | 'stay' | 'ask again' =>
  previous === 'valid' ? 'publish' : previous === 'invalid' ? 'stay' : 'ask again'

/** After the old credential was asked for: done once it is refused and nothing of ours is under way. */
export const afterRetire = (old: Probe, quiet: boolean): RotationState =>
  old === 'invalid' && quiet ? 'done' : 'retiring'

/** After the published credential was asked for, while our own requests may or may not have come to rest before. */
export const afterRestore = (from: 'retiring' | 'compensating', published: Probe, quiet: boolean): RotationState =>
  published !== 'valid' || !quiet ? from : from === 'retiring' ? 'done' : 'aborted'

/** After the candidate was asked for that is to be gone. */
export const afterUndo = (candidate: Probe, quiet: boolean): RotationState =>
  candidate === 'invalid' && quiet ? 'aborted' : 'compensating'

/** Where each state may lead. A row that says otherwise is a bug, and isn't written. */
const transitions: Record<RotationState, readonly RotationState[]> = {
  planned: ['applying', 'compensating'],
  applying: ['verified', 'compensating', 'blocked'],
  verified: ['grace', 'compensating'],
  grace: ['retiring', 'done', 'returning'],
  returning: ['grace'],
  retiring: ['done'],
  compensating: ['aborted'],
  blocked: ['applying', 'compensating'],
  done: [],
  aborted: [],
}

/** Whether it leads anywhere yet. */
export const isOpen = (state: RotationState): boolean => transitions[state].length > 0

/** Whether a rotation may go from one state to another; it may stay in one that is open. */
export const mayBecome = (from: RotationState, to: RotationState): boolean =>
  from === to ? isOpen(from) : transitions[from].includes(to)
