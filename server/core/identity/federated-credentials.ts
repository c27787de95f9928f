import { randomUUID } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { holdersOf } from './applications.ts'
import { exact, type FederatedCredential, type FederatedDraft, federatedMax } from './federated-credential.ts'
import { addFederated, federatedRowsOf, removeFederated, removeFederatedOf } from './federated-rows.ts'
import { directoryKey } from './principal.ts'

/** The foreign identities that prove somebody of ours. */

/** What a proof is made over: a row that is changed, moved or added by hand doesn't fit its own. */
const wordsOf = (holder: string, { id, issuer, subject, audiences }: Omit<FederatedCredential, 'reference'>): string =>
  JSON.stringify(['federated', holder, id, issuer, subject, audiences])

const referenceOf = (id: string, proof: Uint8Array): string =>
  `${id}.${Buffer.from(proof).toString('base64url').slice(0, 16)}`

/** What one holder itself has. */
export async function federatedHeldBy(sql: Sql, keyring: Keyring, holder: string): Promise<FederatedCredential[]> {
  const found: FederatedCredential[] = []
  for (const { credential, proof } of await federatedRowsOf(sql, holder)) {
    if (!(await keyring.isFingerprint(sql, directoryKey, wordsOf(holder, credential), proof))) continue
    found.push({ ...credential, reference: referenceOf(credential.id, proof) })
  }
  return found
}

/** The foreign identities that prove a principal: its own, and those of the application that it stands for. */
export async function federatedCredentialsOf(
  sql: Sql,
  keyring: Keyring,
  principalId: string,
): Promise<FederatedCredential[]> {
  const found: FederatedCredential[] = []
  for (const holder of await holdersOf(sql, keyring, principalId)) {
    found.push(...(await federatedHeldBy(sql, keyring, holder)))
  }
  return found
}

/** Adds a foreign identity, or puts it in the place of the one with `replaced` as its id. */
export async function keepFederated(
  turn: Turn,
  keyring: Keyring,
  holder: string,
  draft: FederatedDraft,
  replaced?: string,
): Promise<FederatedCredential> {
  const { sql } = turn
  if (replaced !== undefined) await removeFederated(sql, holder, replaced)
  if ((await federatedRowsOf(sql, holder)).length >= federatedMax) {
    throw new Fault('invalid', `At most ${federatedMax} federated identity credentials can be kept here.`)
  }
  const credential = { id: replaced ?? randomUUID(), ...exact(draft) }
  const proof = await keyring.fingerprint(sql, directoryKey, wordsOf(holder, credential))
  if (!(await addFederated(sql, holder, { credential, proof }))) {
    throw new Fault(
      'conflict',
      'A federated identity credential with this name, or with this issuer and subject, exists already.',
    )
  }
  // What it proved before it proves no longer, also where a token was made on its word.
  turn.changeAccess()
  return { ...credential, reference: referenceOf(credential.id, proof) }
}

/** Takes a foreign identity away; it proves nothing from the moment this is answered. False when there was none. */
export async function dropFederated(turn: Turn, holder: string, id: string): Promise<boolean> {
  const dropped = await removeFederated(turn.sql, holder, id)
  if (dropped) turn.changeAccess()
  return dropped
}

/** Takes all federated credentials of a holder away, who is about to go. */
export const dropFederatedOf = (turn: Turn, holder: string): Promise<void> => removeFederatedOf(turn.sql, holder)
