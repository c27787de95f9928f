import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Credential } from './principal.ts'

type CredentialRow = {
  id: string
  principal: string
  kind: string
  name: string
  digest: Uint8Array
  certificate: string | null
  starts: number
  ends: number
}
type SigningKeyRow = {
  kid: string
  public_jwk: string
  sealed: Uint8Array
  created: number
  signs_from: number
  retires: number
}
type Tables = {
  credential: CredentialRow
  signing_key: SigningKeyRow
}

const insertCredential = statement<Tables, CredentialRow>((db, given) =>
  db.insertInto('credential').values({
    id: given('id'),
    principal: given('principal'),
    kind: given('kind'),
    name: given('name'),
    digest: given('digest'),
    certificate: given('certificate'),
    starts: given('starts'),
    ends: given('ends'),
  }),
)
const ofPrincipal = statement<Tables, { principal: string }, CredentialRow>((db, given) =>
  db.selectFrom('credential').selectAll().where('principal', '=', given('principal')).orderBy('id'),
)
const dropCredential = statement<Tables, { principal: string; id: string }>((db, given) =>
  db.deleteFrom('credential').where('principal', '=', given('principal')).where('id', '=', given('id')),
)
const dropCredentials = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('credential').where('principal', '=', given('principal')),
)
const insertKey = statement<Tables, SigningKeyRow>((db, given) =>
  db.insertInto('signing_key').values({
    kid: given('kid'),
    public_jwk: given('public_jwk'),
    sealed: given('sealed'),
    created: given('created'),
    signs_from: given('signs_from'),
    retires: given('retires'),
  }),
)
const allKeys = statement<Tables, Record<never, never>, SigningKeyRow>((db) =>
  db.selectFrom('signing_key').selectAll().orderBy('signs_from'),
)
const dropKeys = statement<Tables, { at: number }>((db, given) =>
  db.deleteFrom('signing_key').where('retires', '<=', given('at')),
)

export async function addCredential(sql: Sql, principal: string, credential: Credential): Promise<void> {
  await insertCredential.changed(sql, {
    ...credential,
    principal,
    certificate: credential.certificate ?? null,
  })
}
export async function credentialsOf(sql: Sql, principal: string): Promise<Credential[]> {
  return (await ofPrincipal.all(sql, { principal })).map((row) => ({
    id: row.id,
    kind: row.kind as Credential['kind'],
    name: row.name,
    digest: row.digest,
    certificate: row.certificate ?? undefined,
    starts: row.starts,
    ends: row.ends,
  }))
}
/** False when the holder has none with this id. */
export const removeCredential = async (sql: Sql, principal: string, id: string): Promise<boolean> =>
  (await dropCredential.changed(sql, { principal, id })) === 1
export async function removeCredentialsOf(sql: Sql, principal: string): Promise<void> {
  await dropCredentials.changed(sql, { principal })
}

type SealedSigningKey = {
  readonly kid: string
  readonly publicJwk: string
  readonly sealed: Uint8Array
  readonly created: Instant
  readonly signsFrom: Instant
  readonly retires: Instant
}
export async function addSigningKey(sql: Sql, key: SealedSigningKey): Promise<void> {
  await insertKey.changed(sql, {
    kid: key.kid,
    public_jwk: key.publicJwk,
    sealed: key.sealed,
    created: key.created,
    signs_from: key.signsFrom,
    retires: key.retires,
  })
}
export async function signingKeys(sql: Sql): Promise<SealedSigningKey[]> {
  return (await allKeys.all(sql, {})).map((row) => ({
    kid: row.kid,
    publicJwk: row.public_jwk,
    sealed: row.sealed,
    created: row.created,
    signsFrom: row.signs_from,
    retires: row.retires,
  }))
}
export async function dropRetiredKeys(sql: Sql, at: Instant): Promise<void> {
  await dropKeys.changed(sql, { at })
}
