import { createPublicKey, randomUUID, timingSafeEqual, X509Certificate } from 'node:crypto'
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
  principalByAppId,
  principalByObjectId,
  removeCredential,
  setEnabled,
} from './identity-rows.ts'
import { type Credential, type Principal, validAt } from './principal.ts'

/** Who exists, and how they prove who they are. */

/** The key that hashes passwords and seals signing keys. */
export const directoryKey = 'directory'

export const principalEnabled = async (sql: Sql, objectId: string): Promise<boolean> =>
  (await enabledOf(sql, objectId)) === true

export const principalByApp = (sql: Sql, appId: string): Promise<Principal | undefined> => principalByAppId(sql, appId)
export const principalBy = (sql: Sql, objectId: string): Promise<Principal | undefined> =>
  principalByObjectId(sql, objectId)

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
  const digest = await keyring.fingerprint(turn.sql, directoryKey, password)
  const id = randomUUID()
  await addCredential(turn.sql, principal.objectId, {
    id,
    kind: 'password',
    name,
    digest,
    certificate: undefined,
    starts: turn.at,
    ends,
  })
  return id
}

/** Gives an application a certificate (PEM): it may then sign assertions with its key. */
export async function addCertificate(
  turn: Turn,
  principal: Principal,
  pem: string,
  { name, ends }: Given,
): Promise<string> {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (cause) {
    throw new Fault('invalid', 'This is not an X.509 certificate in PEM.', {}, { cause })
  }
  const id = randomUUID()
  await addCredential(turn.sql, principal.objectId, {
    id,
    kind: 'certificate',
    name,
    digest: undefined,
    certificate: certificate.toString(),
    starts: turn.at,
    ends: Math.min(ends, certificate.validToDate.getTime()),
  })
  return id
}

export const dropCredential = (turn: Turn, id: string): Promise<void> => removeCredential(turn.sql, id)

/** How a password fared: `expired` is told apart because the caller can mend it. */
export async function passwordOutcome(
  sql: Sql,
  keyring: Keyring,
  principal: Principal,
  password: string,
  at: Instant,
): Promise<'right' | 'wrong' | 'expired'> {
  const digest = await keyring.fingerprint(sql, directoryKey, password)
  const all = await credentialsOf(sql, principal.objectId)
  const same = all.filter((credential) => credential.digest !== undefined && timingSafeEqual(credential.digest, digest))
  if (same.some((credential) => validAt(credential, at))) return 'right'
  return same.length > 0 ? 'expired' : 'wrong'
}

/** The certificates with which a principal may sign now. */
export async function certificatesOf(sql: Sql, principal: Principal, at: Instant): Promise<X509Certificate[]> {
  const all = await credentialsOf(sql, principal.objectId)
  return all
    .filter((credential: Credential) => credential.certificate !== undefined && validAt(credential, at))
    .map(({ certificate }) => new X509Certificate(certificate as string))
}

/** A certificate's public key, whatever its kind. */
export const publicKeyOf = (certificate: X509Certificate) =>
  createPublicKey(certificate.publicKey.export({ type: 'spki', format: 'pem' }))
