import { createHash } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { networkOf } from '#base/network.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keepTicket, readTicket, ticketId } from './tickets.ts'

/** A signed assertion as it was used: what it says of itself, whole, and where it came from. */
type UsedAssertion = {
  readonly issuer: string
  /** Its `jti`; undefined: it is known by its own bytes. */
  readonly id: string | undefined
  readonly assertion: string
  readonly address: string
  readonly ends: Instant
}
type Use = { readonly digest: string; readonly address: string }

/**
 * Remembers that an assertion was used, and tells whether it may be. One id belongs to one assertion, and one assertion
 * to whoever used it first: Azure's libraries send theirs again for each token that they want within its ten minutes, so
 * refusing every second use would refuse them, while one that somebody copied comes from elsewhere.
 */
export async function mayUseAssertion(turn: Turn, keyring: Keyring, used: UsedAssertion): Promise<boolean> {
  const digest = createHash('sha256').update(used.assertion).digest('base64url')
  const id = ticketId('assertion', JSON.stringify([used.issuer, used.id ?? digest]))
  const use: Use = { digest, address: networkOf(used.address) }
  if (await keepTicket(turn, keyring, { kind: 'assertion', id, ends: used.ends }, use)) return true
  const before = await readTicket<Use>(turn.sql, keyring, 'assertion', id, turn.at)
  return before?.meaning.digest === use.digest && before.meaning.address === use.address
}
