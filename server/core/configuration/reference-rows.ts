import { type Sql, statement } from '#base/sql.ts'
import type { Target } from './reference.ts'
import type { Address, Slice } from './setting.ts'

type Row = {
  store: string
  key: string
  label: string
  scope: string
  vault: string
  secret_key: string
  version: string | null
}
type Tables = { reference: Row }

const upsert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('reference')
    .values({
      store: given('store'),
      key: given('key'),
      label: given('label'),
      scope: given('scope'),
      vault: given('vault'),
      secret_key: given('secret_key'),
      version: given('version'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['store', 'key', 'label'])
        .doUpdateSet({ vault: given('vault'), secret_key: given('secret_key'), version: given('version') }),
    ),
)
const remove = statement<Tables, { store: string; key: string; label: string }>((db, given) =>
  db
    .deleteFrom('reference')
    .where('store', '=', given('store'))
    .where('key', '=', given('key'))
    .where('label', '=', given('label')),
)
const pointingAt = statement<Tables, { vault: string; secret_key: string }, Row>((db, given) =>
  db
    .selectFrom('reference')
    .selectAll()
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .orderBy('store')
    .orderBy('key')
    .orderBy('label'),
)

const inStore = statement<Tables, { store: string; key: string; label: string; limit: number }, Row>((db, given) =>
  db
    .selectFrom('reference')
    .selectAll()
    .where('store', '=', given('store'))
    .where((row) => row(row.refTuple('key', 'label'), '>', row.tuple(given('key'), given('label'))))
    .orderBy('key')
    .orderBy('label')
    .limit(given('limit')),
)

/** A setting, and the secret that it points at. */
export type Reference = Address & Target

/** The references of a store in the order of key and label; after one, at most `limit`. */
export async function listReferencesKept(sql: Sql, store: string, { after, limit }: Slice): Promise<Reference[]> {
  const place = { store, key: after?.key ?? '', label: after?.label ?? '' }
  return (await inStore.all(sql, { ...place, limit })).map((row) => ({
    key: row.key,
    label: row.label === '' ? undefined : row.label,
    vault: row.vault,
    secret: row.secret_key,
    version: row.version ?? undefined,
  }))
}

/** A setting that points at a secret. */
export type Referrer = Address & {
  /** The resource id of its store. */
  readonly scope: string
  /** The version that it is pinned to, if it is. */
  readonly version: string | undefined
}

type Place = { readonly name: string; readonly resourceId: string }

/** Keeps where a setting points; without a target, that it points nowhere. */
export async function keepReference(
  sql: Sql,
  store: Place,
  { key, label }: Address,
  target: Target | undefined,
): Promise<void> {
  const place = { store: store.name, key, label: label ?? '' }
  if (target === undefined) {
    await remove.changed(sql, place)
    return
  }
  await upsert.changed(sql, {
    ...place,
    scope: store.resourceId,
    vault: target.vault,
    // Names of secrets are the same whatever their case.
    secret_key: target.secret.toLowerCase(),
    version: target.version ?? null,
  })
}

/** The settings that point at a secret, of all stores. */
export async function referencesTo(sql: Sql, vault: string, secret: string): Promise<Referrer[]> {
  return (await pointingAt.all(sql, { vault, secret_key: secret.toLowerCase() })).map((row) => ({
    scope: row.scope,
    key: row.key,
    label: row.label === '' ? undefined : row.label,
    version: row.version ?? undefined,
  }))
}

const removeAll = statement<Tables, { store: string }>((db, given) =>
  db.deleteFrom('reference').where('store', '=', given('store')),
)
/** Takes away what a store's settings point at. */
export async function removeReferencesIn(sql: Sql, store: string): Promise<void> {
  await removeAll.changed(sql, { store })
}
