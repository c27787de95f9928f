import { createHash, timingSafeEqual } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { agreeToSession, endSession, openAgreedSession, type Session } from './sessions.ts'
import { changeTicket, keepTicket, newWord, readTicket, ticketId } from './tickets.ts'

/**
 * Authorization codes (RFC 6749 4.1): what a person's browser carries to the application that sent it. Each is for one
 * application, one address and one challenge (RFC 7636), works once, and lives a minute. One that comes a second time
 * was read by somebody else, so what came of the first is taken back.
 */
type Agreed = {
  readonly person: string
  readonly client: string
  readonly redirect: string
  readonly challenge: string
  readonly scope: string
  readonly nonce: string | undefined
}
/** `session` is the one that waits to be fetched, and once the code was used the one that came of it. */
type Kept = Agreed & { readonly used: boolean; readonly session: string | undefined }

const lifeMs = 60_000
/** How long a used code is remembered, so that its second use is noticed. */
const rememberedMs = 600_000

/** A new code. */
export async function newCode(turn: Turn, keyring: Keyring, agreed: Agreed): Promise<string> {
  const word = newWord()
  const ticket = { kind: 'code', id: ticketId('code', word), ends: turn.at + lifeMs } as const
  const { person: principal, client } = agreed
  const session = await agreeToSession(turn, keyring, { principal, client, ends: ticket.ends })
  await keepTicket(turn, keyring, ticket, { ...agreed, used: false, session } satisfies Kept)
  return word
}

type Redeeming = {
  readonly code: string
  readonly client: string
  readonly redirect: string
  readonly verifier: string
}

/** Takes a code: the session that it opens, and what was agreed. It answers instead of throwing, to keep what it did. */
export async function takeCode(
  turn: Turn,
  keyring: Keyring,
  { code, client, redirect, verifier }: Redeeming,
): Promise<{ readonly session: Session; readonly agreed: Agreed } | 'wrong' | 'reused'> {
  const id = ticketId('code', code)
  const ticket = await readTicket<Kept>(turn.sql, keyring, 'code', id, turn.at)
  if (ticket === undefined) return 'wrong'
  const kept = ticket.meaning
  if (kept.client !== client) return 'wrong'
  if (kept.used) {
    if (kept.session !== undefined) await endSession(turn, kept.session)
    return 'reused'
  }
  const fits = kept.redirect === redirect && isVerifier(verifier, kept.challenge)
  // Whoever tries with the wrong verifier has a code that isn't theirs: then it is nobody's any longer.
  const session = fits && kept.session !== undefined ? await openAgreedSession(turn, keyring, kept.session) : undefined
  const used: Kept = { ...kept, used: true, session: session?.id }
  await changeTicket(turn, keyring, { kind: 'code', id, ends: turn.at + rememberedMs }, used)
  return session === undefined ? 'wrong' : { session, agreed: kept }
}

const isVerifier = (verifier: string, challenge: string): boolean => {
  const [made, given] = [createHash('sha256').update(verifier).digest('base64url'), challenge]
  return made.length === given.length && timingSafeEqual(Buffer.from(made), Buffer.from(given))
}
