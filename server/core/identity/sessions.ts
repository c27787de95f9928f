import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { directoryKey } from './directory.ts'
import { addSession, removeEndedSessions, removeSession, removeSessionsOf, sessionById } from './session-rows.ts'
import { changeTicket, keepTicket, newWord, readTicket, ticketId } from './tickets.ts'

/**
 * A person signed in to an application. Access tokens rest on the session and end with it; refresh tokens prolong what
 * it gives, each used once. A refresh token that comes a second time was stolen from one of the two who sent it, and
 * since nobody can tell which, the session ends for both (RFC 9700 4.14.2).
 */
export type Session = {
  readonly id: string
  readonly principal: string
  readonly client: string
  readonly ends: Instant
}

/** However often it is refreshed, a session ends: then the person signs in again. */
const sessionLifeMs = 90 * 86_400_000
/** A refresh token that nobody used for so long has been forgotten. */
const refreshLifeMs = 14 * 86_400_000

const wordsOf = ({ id, principal, client, ends }: Session): string =>
  JSON.stringify(['session', id, principal, client, ends])

/** Opens a session of a person with an application. */
export async function openSession(
  turn: Turn,
  keyring: Keyring,
  { principal, client }: Pick<Session, 'principal' | 'client'>,
): Promise<Session> {
  const { sql, at } = turn
  await removeEndedSessions(sql, at)
  return keptSession(turn, keyring, { id: randomUUID(), principal, client, ends: at + sessionLifeMs })
}

/**
 * Keeps that a person agreed to a session which their program has yet to fetch. It waits among their sessions, and so ends
 * with them: who signs out everywhere, or gets another password, has taken it back.
 */
export async function agreeToSession(
  turn: Turn,
  keyring: Keyring,
  { principal, client, ends }: Omit<Session, 'id'>,
): Promise<string> {
  await removeEndedSessions(turn.sql, turn.at)
  return (await keptSession(turn, keyring, { id: randomUUID(), principal, client, ends })).id
}

/** Opens the session that was agreed to, once; undefined when it was taken back, or waited for too long. */
export async function openAgreedSession(turn: Turn, keyring: Keyring, id: string): Promise<Session | undefined> {
  const agreed = await sessionOf(turn.sql, keyring, id)
  await removeSession(turn.sql, id)
  return agreed === undefined || agreed.ends <= turn.at ? undefined : openSession(turn, keyring, agreed)
}

async function keptSession({ sql, at }: Turn, keyring: Keyring, session: Session): Promise<Session> {
  const proof = await keyring.fingerprint(sql, directoryKey, wordsOf(session))
  await addSession(sql, { ...session, created: at, proof })
  return session
}

/** Ends a session, and with it every token that rests on it, in the moment that this is answered. */
export async function endSession(turn: Turn, id: string): Promise<void> {
  if (await removeSession(turn.sql, id)) turn.changeAccess()
}

/** Ends all sessions of a person: what a changed password and "sign out everywhere" do. */
export async function revokeSessions(turn: Turn, principal: string): Promise<void> {
  if ((await removeSessionsOf(turn.sql, principal)) > 0) turn.changeAccess()
}

/** The session with this id, if it is there and ours. */
export async function sessionOf(sql: Sql, keyring: Keyring, id: string): Promise<Session | undefined> {
  const row = await sessionById(sql, id)
  if (row === undefined || !(await keyring.isFingerprint(sql, directoryKey, wordsOf(row), row.proof))) return undefined
  return row
}

/** Whether a session is there, ours, and this person's. What rests on one has its end, so that time needn't be asked. */
export async function sessionStands(sql: Sql, keyring: Keyring, principal: string, id: string): Promise<boolean> {
  const session = await sessionOf(sql, keyring, id)
  return session !== undefined && session.principal === principal
}

type Refresh = { readonly session: string; readonly used: boolean }

/** A new refresh token of a session. */
export async function newRefreshToken(turn: Turn, keyring: Keyring, { id, ends }: Session): Promise<string> {
  const word = newWord()
  const ticket = {
    kind: 'refresh',
    id: ticketId('refresh', word),
    ends: Math.min(turn.at + refreshLifeMs, ends),
  } as const
  await keepTicket(turn, keyring, ticket, { session: id, used: false } satisfies Refresh)
  return word
}

/**
 * Takes a refresh token: the session that it prolongs, or why it doesn't. `reused` has ended the session. It answers
 * instead of throwing, because what it did is to be kept.
 */
export async function takeRefreshToken(
  turn: Turn,
  keyring: Keyring,
  word: string,
  client: string,
): Promise<Session | 'unknown' | 'reused' | 'other-client'> {
  const { sql, at } = turn
  const id = ticketId('refresh', word)
  const ticket = await readTicket<Refresh>(sql, keyring, 'refresh', id, at)
  if (ticket === undefined) return 'unknown'
  const session = await sessionOf(sql, keyring, ticket.meaning.session)
  if (session === undefined || session.ends <= at) return 'unknown'
  // Another's refresh token is not theirs to use up.
  if (session.client !== client) return 'other-client'
  if (ticket.meaning.used) {
    await endSession(turn, session.id)
    return 'reused'
  }
  const used: Refresh = { session: session.id, used: true }
  await changeTicket(turn, keyring, { kind: 'refresh', id, ends: ticket.ends }, used)
  return session
}
