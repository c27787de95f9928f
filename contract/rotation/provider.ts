import type { Check } from '../cardea/rehearsals.ts'
import type { Shape } from '../shape.ts'

/**
 * What a rotation needs of the system that accepts a credential. A provider knows the far side and this page, nothing
 * of the server. Every call may be repeated with the same arguments and then has one effect; every call may be cut
 * off, so the engine never believes an answer about `apply` but asks `probe`.
 */
export interface Provider<Binding = unknown> {
  /** What a binding names it by. */
  readonly name: string
  /** How many credentials live at once, and who alternates (the four kinds of the rotation state machine). */
  readonly kind: Kind
  /** From one rotation to the next, where a binding doesn't say; undefined: only on demand. */
  readonly intervalMs?: number
  readonly binding: Shape<Binding>
  /** The names of the secrets in the same vault that the binding draws on, an administrator's credential for one. */
  secretsOf(binding: Binding): readonly string[]
  /**
   * What it changes at the far side, by names that are the same in every binding which changes the same: no two secrets
   * may share one, or each rotation of one would break the other. Empty where nothing is there to be changed. A name
   * says what kind of system, where it is, and what in it is changed, in this order and with a space between.
   */
  placesOf(binding: Binding): readonly string[]
  /** The slots that alternate; empty where there is but one place. */
  slotsOf(binding: Binding): readonly string[]
  /** The slot that a published value occupies, so that the other is changed; undefined when it is none of ours. */
  slotIn(value: string, binding: Binding): string | undefined
  /** Whether it could use a value at the far side at all. What somebody else's is there is neither asked for nor taken away. */
  knows(value: string, binding: Binding): boolean
  /**
   * The slot of a value, where only the far side can tell. Throws when it can't be told now; undefined when the value is
   * in none.
   */
  locate?(value: string, far: FarSide<Binding>): Promise<string | undefined>
  /** Thinks of a new value for a slot. Touches nothing. */
  propose(binding: Binding, slot: string | undefined): string
  /**
   * Has the far side make a value and hand it out, where values are not ours to choose: `propose` isn't asked then. It is
   * the one call that may not be repeated blindly. The engine calls it only when no other request of the rotation can be
   * under way, and `sweep` before.
   */
  mint?(far: FarSide<Binding>, slot: string | undefined): Promise<Credential>
  /** Takes away whatever the far side has made for this rotation and nobody has heard of: the answer was lost. */
  sweep?(far: FarSide<Binding>): Promise<void>
  /** Makes the far side accept exactly this value. */
  apply(credential: Credential, far: FarSide<Binding>): Promise<void>
  /** Uses the value as its consumer would. `invalid` only when the far side positively refused it. */
  probe(credential: Credential, far: FarSide<Binding>): Promise<Probe>
  /**
   * Takes a credential away, so that `probe` says `invalid`. Gone already is done; but after a leak (`urgent`) it is asked even
   * then, to end what that has opened. Where a target has but one credential (`single`), it was replaced before and nothing is
   * ever taken away: what is still let in can't be told from the one that replaced it.
   */
  retire(credential: Credential, far: FarSide<Binding>): Promise<void>
  /**
   * Does what a rotation would with a throw-away twin, and takes it away again: first the one that an earlier attempt may
   * have left, and at the end its own, whatever went wrong. `seed` is 32 random bytes in base64url that nobody knows, the
   * same in each attempt of one rehearsal, from which the twin's credentials are made. What is live isn't touched.
   */
  rehearse?(far: FarSide<Binding>, seed: string): Promise<Rehearsed>
}

/** What was tried; and whether the twin is known to be gone. */
export type Rehearsed = { readonly checks: readonly Check[]; readonly clean: boolean }

/** `single`: one valid at a time. `slots`: two that alternate. `set`: several, ours to choose. `minted`: several, theirs. */
export type Kind = 'single' | 'slots' | 'set' | 'minted'

/** `unknown` is anything but a clear yes or a clear no: a time-out, a refused connection, a server starting up. */
export type Probe = 'valid' | 'invalid' | 'unknown'

/** `slot` says where it lives at the far side: the slot it occupies, or the id under which it was minted. */
export type Credential = { readonly value: string; readonly slot: string | undefined }

export type FarSide<Binding> = {
  readonly binding: Binding
  /** The values of the secrets that `secretsOf` named, by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** The idempotency key of this rotation. */
  readonly rotationId: string
  /**
   * Names what is sent within it: the same where nobody knows whether it came to anything, since a server died in between;
   * another each time that it is sent because it is not, or no longer, so. A target that does what it was told under one
   * name only once does all that it must.
   */
  readonly attempt: string
  /** Grows with each worker that takes a rotation over: a target that keeps it can refuse a worker who was replaced. */
  readonly fence: number
  /** How long a credential that is made now will be needed, as far as is known; undefined: until somebody takes it away. */
  readonly livesMs: number | undefined
  /**
   * A leak: what the old credential has opened ends with it, even where that ends what the new one has opened as well.
   */
  readonly urgent: boolean
  /** Aborts when the lease is about to end or the request took too long; a provider stops sending then. */
  readonly signal: AbortSignal
}
