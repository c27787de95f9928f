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
  readonly binding: Shape<Binding>
  /** The names of the secrets in the same vault that the binding draws on, an administrator's credential for one. */
  secretsOf(binding: Binding): readonly string[]
  /**
   * What it changes at the far side, by names that are the same in every binding which changes the same: no two secrets
   * may share one, or each rotation of one would break the other. Empty where nothing is there to be changed.
   */
  placesOf(binding: Binding): readonly string[]
  /** The slots that alternate; empty where there is but one place. */
  slotsOf(binding: Binding): readonly string[]
  /** The slot that a published value occupies, so that the other is changed; undefined when it is none of ours. */
  slotIn(value: string, binding: Binding): string | undefined
  /** Thinks of a new value for a slot. Touches nothing. */
  propose(binding: Binding, slot: string | undefined): string
  /** Makes the far side accept exactly this value. */
  apply(credential: Credential, far: FarSide<Binding>): Promise<void>
  /** Uses the value as its consumer would. `invalid` only when the far side positively refused it. */
  probe(credential: Credential, far: FarSide<Binding>): Promise<Probe>
  /** Takes a credential away, so that `probe` says `invalid`. Gone already is done. */
  retire(credential: Credential, far: FarSide<Binding>): Promise<void>
}

/** `single`: one valid at a time. `slots`: two that alternate. `set`: several, ours to choose. `minted`: theirs. */
export type Kind = 'single' | 'slots' | 'set' | 'minted'

/** `unknown` is anything but a clear yes or a clear no: a time-out, a refused connection, a server starting up. */
export type Probe = 'valid' | 'invalid' | 'unknown'

export type Credential = { readonly value: string; readonly slot: string | undefined }

export type FarSide<Binding> = {
  readonly binding: Binding
  /** The values of the secrets that `secretsOf` named, by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** The idempotency key of this rotation. */
  readonly rotationId: string
  /** Aborts when the lease is about to end or the request took too long; a provider stops sending then. */
  readonly signal: AbortSignal
}
