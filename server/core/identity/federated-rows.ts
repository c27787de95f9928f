import { type Sql, statement } from '#base/sql.ts'
import type { FederatedCredential } from './federated-credential.ts'

type Row = {
  readonly id: string
  readonly principal: string
  readonly name: string
  readonly name_key: string
  readonly issuer: string
  readonly subject: string
  readonly audiences: string
  readonly description: string
  readonly proof: Uint8Array
}
type Tables = { federated_credential: Row }
type KeptFederated = { readonly credential: Omit<FederatedCredential, 'reference'>; readonly proof: Uint8Array }

const ofHolder = statement<Tables, { principal: string }, Row>((db, given) =>
  db.selectFrom('federated_credential').selectAll().where('principal', '=', given('principal')).orderBy('name_key'),
)
const insert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('federated_credential')
    .values({
      id: given('id'),
      principal: given('principal'),
      name: given('name'),
      name_key: given('name_key'),
      issuer: given('issuer'),
      subject: given('subject'),
      audiences: given('audiences'),
      description: given('description'),
      proof: given('proof'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
const remove = statement<Tables, { principal: string; id: string }>((db, given) =>
  db.deleteFrom('federated_credential').where('principal', '=', given('principal')).where('id', '=', given('id')),
)
const removeEvery = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('federated_credential').where('principal', '=', given('principal')),
)

export async function federatedRowsOf(sql: Sql, principal: string): Promise<KeptFederated[]> {
  return (await ofHolder.all(sql, { principal })).map(
    ({ id, name, issuer, subject, audiences, description, proof }) => ({
      credential: { id, name, issuer, subject, audiences: JSON.parse(audiences), description },
      proof,
    }),
  )
}
/** False when the holder has one of this name, or one for this issuer and subject. */
export async function addFederated(sql: Sql, principal: string, kept: KeptFederated): Promise<boolean> {
  const { audiences, ...credential } = kept.credential
  const row = {
    ...credential,
    principal,
    audiences: JSON.stringify(audiences),
    name_key: credential.name.toLowerCase(),
  }
  return (await insert.changed(sql, { ...row, proof: kept.proof })) === 1
}
/** False when there was none. */
export const removeFederated = async (sql: Sql, principal: string, id: string): Promise<boolean> =>
  (await remove.changed(sql, { principal, id })) === 1
export async function removeFederatedOf(sql: Sql, principal: string): Promise<void> {
  await removeEvery.changed(sql, { principal })
}
