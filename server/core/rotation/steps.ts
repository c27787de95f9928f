import type { Provider } from '@cardea/contract/rotation/provider'
import type { Clock, Instant } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Use } from '#core/consumers/consumers.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Base } from '#core/perform.ts'
import type { Lease } from '#core/schedule/schedule.ts'
import type { SecretVersion } from '#core/secrets/secret.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Step } from './machine.ts'
import type { Times } from './policy.ts'
import type { Providers } from './rotation.ts'
import type { Rotation } from './rotation-rows.ts'

/** What the rotation engine works with. */
export type Engine = {
  readonly base: Base
  readonly vaults: VaultBook
  readonly providers: Providers
  /** The rotation engine's principal: it may do what somebody granted it, and nothing else. */
  readonly caller: Caller
  readonly times: Times
  readonly log: Log
  /** Between 0 and 1. */
  readonly random: () => number
  /** Milliseconds that no clock can move. */
  readonly monotonic: () => number
  /** Around each step, for those who test what happens when it is the last. */
  readonly onStep: OnStep | undefined
}
/** `subject`: whose step it is, as the lease names it: vault and secret. */
export type OnStep = (step: string, when: 'before' | 'after', subject: string) => void | Promise<void>

/** Does a step, and lets who tests it watch. */
export async function stepped<T>(
  { onStep }: Engine,
  { subject }: Lease,
  step: string,
  work: () => Promise<T>,
): Promise<T> {
  await onStep?.(step, 'before', subject)
  const result = await work()
  await onStep?.(step, 'after', subject)
  return result
}

/** What a look found to be done. */
export type Seen = {
  readonly vault: Vault
  readonly provider: Provider
  readonly rotation: Rotation
  readonly latest: SecretVersion | undefined
  readonly live: boolean
  readonly quiet: boolean
  readonly step: Exclude<Step, 'wait'>
  /** Who still runs on the old version, though its time is over. */
  readonly laggards: readonly Use[]
  /** When the lease was surely ours, by our own clock. */
  readonly granted: number
  /** The time by which deadlines and what consumers said are dated: the database's, as nodes need not agree. */
  readonly now: Clock
}

/** A clock that goes on from a time of the database's, and that nobody can move meanwhile. */
export function clockFrom(at: Instant, monotonic: () => number): Clock {
  const began = monotonic()
  return () => at + Math.floor(monotonic() - began)
}
