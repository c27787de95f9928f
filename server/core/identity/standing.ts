import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { credentialStands } from './directory.ts'
import { sessionStands } from './sessions.ts'

/**
 * What a token was made on the word of: the credential that proved an application, or the session of a person who signed
 * in. The token names it, and ends with it: whoever removes a leaked secret wants nothing that was made with it to live
 * on for an hour. It is asked where permission is given, so that it holds for the same epoch (P6).
 */
const session = 'session/'

/** How a token names a session; credentials are named by their own ids. */
export const sessionReference = (id: string): string => `${session}${id}`

/** Whether what a token names is still there, and still this principal's. */
export const tokenStands = (sql: Sql, keyring: Keyring, principal: string, reference: string): Promise<boolean> =>
  reference.startsWith(session)
    ? sessionStands(sql, keyring, principal, reference.slice(session.length))
    : credentialStands(sql, keyring, principal, reference)

/** How it is said that a token ended before its time. */
export const revoked = (): Fault =>
  new Fault('unauthenticated', '[TokenRevoked] What this token was issued for was taken away.')
