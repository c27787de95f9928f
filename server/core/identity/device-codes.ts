import { randomInt } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { agreeToSession, openAgreedSession, type Session } from './sessions.ts'
import { changeTicket, dropTicket, keepTicket, newWord, readTicket, ticketId } from './tickets.ts'

/**
 * Signing in on another device (RFC 8628): a program without a browser shows a short code, a person enters it where they
 * have one, and the program, which asks every few seconds, is given tokens once.
 */
export const deviceCodeLifeSeconds = 900
export const pollSeconds = 5

type Device = {
  readonly client: string
  readonly scope: string
  readonly userCode: string
  /** How long to wait between questions; grows for those who don't. */
  readonly intervalSeconds: number
  readonly asked: Instant
  readonly expires: Instant
  /** Who signed in agreed to a session that waits to be fetched. */
  readonly answer: 'none' | 'refused' | { readonly session: string }
}
type UserCode = { readonly device: string; readonly client: string }

/** How long a code is known as expired, for the program to be told so. */
const rememberedMs = 600_000

/** Letters that are told apart when read aloud, and make no words (RFC 8628 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const codeLength = 8

/** A code as it is compared: what people add or write small doesn't matter. */
const plainCode = (text: string): string => text.toUpperCase().replace(/[^A-Z]/g, '')

/** A pair of codes: one for the program, one for the person. */
export async function newDeviceCode(
  turn: Turn,
  keyring: Keyring,
  { client, scope }: Pick<Device, 'client' | 'scope'>,
): Promise<{ readonly deviceCode: string; readonly userCode: string }> {
  const expires = turn.at + deviceCodeLifeSeconds * 1000
  const deviceCode = newWord()
  const device = ticketId('device', deviceCode)
  for (;;) {
    const userCode = Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join('')
    const short = { kind: 'user-code', id: ticketId('user-code', userCode), ends: expires } as const
    // Two of twenty-five thousand million may meet.
    if (!(await keepTicket(turn, keyring, short, { device, client } satisfies UserCode))) continue
    const asked: Device = { client, scope, userCode, intervalSeconds: pollSeconds, asked: 0, expires, answer: 'none' }
    await keepTicket(turn, keyring, { kind: 'device', id: device, ends: expires + rememberedMs }, asked)
    return { deviceCode, userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}` }
  }
}

/** The application that waits for somebody to enter this code. */
export async function waitingFor(sql: Sql, keyring: Keyring, code: string, at: Instant): Promise<string | undefined> {
  const found = await readTicket<UserCode>(sql, keyring, 'user-code', ticketId('user-code', plainCode(code)), at)
  return found?.meaning.client
}

/** A person's answer to a code; false when nobody waits for it any longer. The code works once. */
export async function answerDevice(
  turn: Turn,
  keyring: Keyring,
  code: string,
  given: 'refused' | { readonly person: string },
): Promise<boolean> {
  const short = ticketId('user-code', plainCode(code))
  const found = await readTicket<UserCode>(turn.sql, keyring, 'user-code', short, turn.at)
  if (found === undefined) return false
  const { device } = found.meaning
  const waiting = await readTicket<Device>(turn.sql, keyring, 'device', device, turn.at)
  await dropTicket(turn, short)
  if (waiting === undefined || waiting.meaning.answer !== 'none') return false
  const { client, expires: ends } = waiting.meaning
  const answer =
    given === 'refused'
      ? given
      : { session: await agreeToSession(turn, keyring, { principal: given.person, client, ends }) }
  await changeTicket(turn, keyring, { kind: 'device', id: device, ends: waiting.ends }, { ...waiting.meaning, answer })
  return true
}

export type Polled =
  | 'pending'
  | 'slow-down'
  | 'refused'
  | 'expired'
  | 'unknown'
  | { readonly session: Session; readonly scope: string }

/** A program asks whether somebody has signed in. When it is given a session, its code has served. */
export async function pollDevice(turn: Turn, keyring: Keyring, deviceCode: string, client: string): Promise<Polled> {
  const { at } = turn
  const id = ticketId('device', deviceCode)
  const ticket = await readTicket<Device>(turn.sql, keyring, 'device', id, at)
  if (ticket === undefined || ticket.meaning.client !== client) return 'unknown'
  const { answer, asked, expires, intervalSeconds, scope } = ticket.meaning
  if (at >= expires) return 'expired'
  if (answer === 'none') {
    // Clocks and networks are not exact to the tenth of a second.
    const early = at < asked + intervalSeconds * 1000 - 500
    const next = { ...ticket.meaning, asked: at, intervalSeconds: early ? intervalSeconds + 5 : intervalSeconds }
    await changeTicket(turn, keyring, { kind: 'device', id, ends: ticket.ends }, next)
    return early ? 'slow-down' : 'pending'
  }
  await dropTicket(turn, id)
  if (answer === 'refused') return 'refused'
  const session = await openAgreedSession(turn, keyring, answer.session)
  // Meanwhile the person was signed out everywhere, or given another password.
  return session === undefined ? 'expired' : { session, scope }
}
