import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { directoryKey } from './directory.ts'
import { fitsRedirect, type SignInClient } from './sign-in-client.ts'
import { keepSignInClient, removeSignInClient, signInClientRow } from './sign-in-client-rows.ts'

/** The application by which `az` signs people in; every installation of it asks under this id. */
export const azureCliAppId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** Proven, because an address that somebody types into the database would have codes sent to them. */
const wordsOf = (principal: string, { open, redirects }: SignInClient): string =>
  JSON.stringify(['sign-in-client', principal, open, redirects])

/** Lets people sign in to an application. */
export async function allowSignIn(
  turn: Turn,
  keyring: Keyring,
  principal: string,
  client: SignInClient,
): Promise<void> {
  const unfit = client.redirects.find((uri) => !fitsRedirect(uri))
  if (unfit !== undefined) {
    throw new Fault('invalid', 'A redirect URI is https, or http on the own machine, and has no fragment.', {
      where: 'redirectUris',
    })
  }
  const proof = await keyring.fingerprint(turn.sql, directoryKey, wordsOf(principal, client))
  const redirects = JSON.stringify(client.redirects)
  await keepSignInClient(turn.sql, { principal, open: client.open ? 1 : 0, redirects, proof })
}

/** Lets nobody sign in to an application any longer. */
export const forbidSignIn = (turn: Turn, principal: string): Promise<void> => removeSignInClient(turn.sql, principal)

/** How people sign in to an application; nothing where they don't. */
export async function signInClientOf(sql: Sql, keyring: Keyring, principal: string): Promise<SignInClient | undefined> {
  const row = await signInClientRow(sql, principal)
  if (row === undefined) return undefined
  const client = { open: row.open === 1, redirects: JSON.parse(row.redirects) as string[] }
  return (await keyring.isFingerprint(sql, directoryKey, wordsOf(principal, client), row.proof)) ? client : undefined
}
