import { createHash, randomBytes } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { directoryKey } from './directory.ts'
import { addTicket, removeEndedTickets, removeTicket, rewriteTicket, ticketById } from './ticket-rows.ts'

/**
 * A ticket is a word that we handed out, or took, and what it stands for. Only a digest of the word is kept, and what it
 * stands for is sealed to that digest: the database tells nobody a word that works, and a row that is moved to another
 * word doesn't open. Tickets that have ended go when the next one comes, so there are never more than are alive.
 */
type TicketKind = 'refresh' | 'code' | 'device' | 'user-code' | 'assertion'

/** 256 bits that nobody guesses, as text that goes into a URL. */
export const newWord = (): string => randomBytes(32).toString('base64url')

/** Under what a word is known. */
export const ticketId = (kind: TicketKind, word: string): string =>
  createHash('sha256').update(`${kind}\n${word}`).digest('base64url')

const placeOf = (kind: TicketKind, id: string, ends: Instant): string => `ticket/${kind}/${id}/${ends}`

/** Keeps what a word stands for until it ends; false when the word is known already. */
export async function keepTicket(
  { sql, at }: Turn,
  keyring: Keyring,
  { kind, id, ends }: { readonly kind: TicketKind; readonly id: string; readonly ends: Instant },
  meaning: object,
): Promise<boolean> {
  await removeEndedTickets(sql, at)
  const sealed = await keyring.seal(sql, directoryKey, JSON.stringify(meaning), placeOf(kind, id, ends))
  return addTicket(sql, { id, kind, sealed, ends })
}

/** What a word stands for; nothing when it is unknown or has ended. */
export async function readTicket<Meaning extends object>(
  sql: Sql,
  keyring: Keyring,
  kind: TicketKind,
  id: string,
  at: Instant,
): Promise<{ readonly meaning: Meaning; readonly ends: Instant } | undefined> {
  const row = await ticketById(sql, kind, id)
  if (row === undefined || row.ends <= at) return undefined
  const text = await keyring.unseal(sql, directoryKey, row.sealed, placeOf(kind, id, row.ends))
  return { meaning: JSON.parse(text) as Meaning, ends: row.ends }
}

/** Gives a word that is known another meaning, until another time. */
export async function changeTicket(
  { sql }: Turn,
  keyring: Keyring,
  { kind, id, ends }: { readonly kind: TicketKind; readonly id: string; readonly ends: Instant },
  meaning: object,
): Promise<void> {
  const sealed = await keyring.seal(sql, directoryKey, JSON.stringify(meaning), placeOf(kind, id, ends))
  await rewriteTicket(sql, id, sealed, ends)
}

/** Forgets a word. */
export const dropTicket = ({ sql }: Turn, id: string): Promise<void> => removeTicket(sql, id)
