import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Credential, Principal } from './principal.ts'

type PrincipalRow = {
  object_id: string
  app_id: string | null
  name: string
  kind: string
  enabled: number
  created: number
}
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
  principal: PrincipalRow
  credential: CredentialRow
  signing_key: SigningKeyRow
}

const insertPrincipal = statement<Tables, PrincipalRow>((db, given) =>
  db.insertInto('principal').values({
    object_id: given('object_id'),
    app_id: given('app_id'),
    name: given('name'),
    kind: given('kind'),
    enabled: given('enabled'),
    created: given('created'),
  }),
)
const byApp = statement<Tables, { app_id: string }, PrincipalRow>((db, given) =>
  db.selectFrom('principal').selectAll().where('app_id', '=', given('app_id')),
)
const byObject = statement<Tables, { object_id: string }, PrincipalRow>((db, given) =>
  db.selectFrom('principal').selectAll().where('object_id', '=', given('object_id')),
)
const enable = statement<Tables, { object_id: string; enabled: number }>((db, given) =>
  db
    .updateTable('principal')
    .set({ enabled: given('enabled') })
    .where('object_id', '=', given('object_id')),
)
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

export async function addPrincipal(sql: Sql, principal: Principal, created: Instant): Promise<void> {
  await insertPrincipal.changed(sql, {
    object_id: principal.objectId,
    app_id: principal.appId === '' ? null : principal.appId,
    name: principal.name,
    kind: principal.kind,
    enabled: principal.enabled ? 1 : 0,
    created,
  })
}
const principalOf = (row: PrincipalRow | undefined): Principal | undefined =>
  row && {
    objectId: row.object_id,
    appId: row.app_id ?? '',
    name: row.name,
    kind: row.kind as Principal['kind'],
    enabled: row.enabled === 1,
  }
export const principalByAppId = async (sql: Sql, app_id: string) => principalOf(await byApp.first(sql, { app_id }))
export const principalByObjectId = async (sql: Sql, object_id: string) =>
  principalOf(await byObject.first(sql, { object_id }))
export const enabledOf = async (sql: Sql, objectId: string): Promise<boolean | undefined> =>
  (await principalByObjectId(sql, objectId))?.enabled
export async function setEnabled(sql: Sql, object_id: string, enabled: boolean): Promise<void> {
  await enable.changed(sql, { object_id, enabled: enabled ? 1 : 0 })
}

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

export type SealedSigningKey = {
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
