import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import {
  addCredential,
  addPrincipal,
  credentialsOf,
  enabledOf,
  groupIdsOf,
  principalByAppId,
  removeCredential,
  setEnabled,
} from './identity-rows.ts'
import { type Credential, type Principal, validAt } from './principal.ts'

/** Who exists, and how they prove who they are. */

/** The key that hashes credentials and role assignments, and seals signing keys. */
export const directoryKey = 'directory'

export const principalEnabled = async (sql: Sql, objectId: string): Promise<boolean> =>
  (await enabledOf(sql, objectId)) === true

export const principalByApp = (sql: Sql, appId: string): Promise<Principal | undefined> => principalByAppId(sql, appId)

/** The groups that a principal belongs to, also by way of other groups. */
export const groupsOf = (sql: Sql, objectId: string): Promise<string[]> => groupIdsOf(sql, objectId)

/** Registers a principal. Ids are new unless given. */
export async function register(
  turn: Turn,
  { name, kind, objectId = randomUUID(), appId = randomUUID() }: Partial<Principal> & Pick<Principal, 'name' | 'kind'>,
): Promise<Principal> {
  const principal: Principal = { objectId, appId, name, kind, enabled: true }
  await addPrincipal(turn.sql, principal, turn.at)
  turn.changeAccess()
  return principal
}

/** Switches a principal off or on; its tokens, too, from the moment this is answered. */
export async function enablePrincipal(turn: Turn, objectId: string, enabled: boolean): Promise<void> {
  await setEnabled(turn.sql, objectId, enabled)
  turn.changeAccess()
}

type Given = { readonly name: string; readonly ends: Instant }

/** Gives an application a password. High in entropy and ours to make, so a keyed hash keeps it as well as a slow one. */
export async function addPassword(
  turn: Turn,
  keyring: Keyring,
  principal: Principal,
  password: string,
  { name, ends }: Given,
): Promise<string> {
  const term = { id: randomUUID(), kind: 'password', starts: turn.at, ends } as const
  const digest = await keyring.fingerprint(turn.sql, directoryKey, bound(principal, term, password))
  await addCredential(turn.sql, principal.objectId, { ...term, name, digest, certificate: undefined })
  return term.id
}

/** Gives an application a certificate (PEM): it may then sign assertions with its key. */
export async function addCertificate(
  turn: Turn,
  keyring: Keyring,
  principal: Principal,
  pem: string,
  { name, ends }: Given,
): Promise<string> {
  let given: X509Certificate
  try {
    given = new X509Certificate(pem)
  } catch (cause) {
    throw new Fault('invalid', 'This is not an X.509 certificate in PEM.', {}, { cause })
  }
  const term = {
    id: randomUUID(),
    kind: 'certificate',
    starts: turn.at,
    ends: Math.min(ends, given.validToDate.getTime()),
  } as const
  const certificate = given.toString()
  const digest = await keyring.fingerprint(turn.sql, directoryKey, bound(principal, term, certificate))
  await addCredential(turn.sql, principal.objectId, { ...term, name, digest, certificate })
  return term.id
}

/** A credential is hashed with whose it is and when it holds: a row that is moved or prolonged by hand doesn't fit. */
const bound = (
  { objectId }: Principal,
  { kind, id, starts, ends }: Pick<Credential, 'kind' | 'id' | 'starts' | 'ends'>,
  proof: string,
): string => JSON.stringify([kind, objectId, id, starts, ends, proof])

export const dropCredential = (turn: Turn, id: string): Promise<void> => removeCredential(turn.sql, id)

/** How a password fared: `expired` is told apart because the caller can mend it. */
export async function passwordOutcome(
  sql: Sql,
  keyring: Keyring,
  principal: Principal,
  password: string,
  at: Instant,
): Promise<'right' | 'wrong' | 'expired'> {
  const all = await fitting(sql, keyring, principal, ({ kind }) => (kind === 'password' ? password : undefined))
  if (all.some((credential) => validAt(credential, at))) return 'right'
  return all.length > 0 ? 'expired' : 'wrong'
}

/** The certificates with which a principal may sign now. */
export async function certificatesOf(
  sql: Sql,
  keyring: Keyring,
  principal: Principal,
  at: Instant,
): Promise<X509Certificate[]> {
  const all = await fitting(sql, keyring, principal, ({ kind, certificate }) =>
    kind === 'certificate' ? certificate : undefined,
  )
  return all
    .filter((credential) => validAt(credential, at))
    .map(({ certificate }) => new X509Certificate(certificate as string))
}

/** The credentials that we gave to this principal with this proof; all are looked at, whichever fits. */
async function fitting(
  sql: Sql,
  keyring: Keyring,
  principal: Principal,
  proofOf: (credential: Credential) => string | undefined,
): Promise<Credential[]> {
  const found: Credential[] = []
  for (const credential of await credentialsOf(sql, principal.objectId)) {
    const proof = proofOf(credential)
    if (proof === undefined) continue
    const given = bound(principal, credential, proof)
    if (await keyring.isFingerprint(sql, directoryKey, given, credential.digest)) found.push(credential)
  }
  return found
}

/** A certificate's public key, whatever its kind. */
export const publicKeyOf = (certificate: X509Certificate) =>
  createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
