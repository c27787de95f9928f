import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  vault: string
  secret_key: string
  instance: string
  application: string
  principal: string
  version: string
  seen: number
}
type Heard = { readonly since: Instant; readonly last: Instant }
type Tables = {
  consumer: Row
  /** One row. */
  consumers_heard: Heard & { one: number }
  derived_version: { vault: string; name_key: string; version: string; part_key: string; part_version: string }
}

/** One running instance of an application, and a version of one secret that it runs on; it may run on several. */
export type Use = {
  readonly instance: string
  readonly application: string
  readonly version: string
  readonly seen: Instant
}

const before = statement<Tables, Pick<Row, 'vault' | 'principal' | 'instance'>, Pick<Row, 'secret_key' | 'version'>>(
  (db, given) =>
    db
      .selectFrom('consumer')
      .select(['secret_key', 'version'])
      .where('vault', '=', given('vault'))
      .where('principal', '=', given('principal'))
      .where('instance', '=', given('instance')),
)
const upsert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('consumer')
    .values({
      vault: given('vault'),
      secret_key: given('secret_key'),
      instance: given('instance'),
      application: given('application'),
      principal: given('principal'),
      version: given('version'),
      seen: given('seen'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['vault', 'secret_key', 'principal', 'instance', 'version'])
        .doUpdateSet({ application: given('application'), seen: given('seen') }),
    ),
)
const drop = statement<Tables, Pick<Row, 'vault' | 'secret_key' | 'principal' | 'instance' | 'version'>>((db, given) =>
  db
    .deleteFrom('consumer')
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .where('principal', '=', given('principal'))
    .where('instance', '=', given('instance'))
    .where('version', '=', given('version')),
)
const dropSilent = statement<Tables, { vault: string; secret_key: string; seen: number }>((db, given) =>
  db
    .deleteFrom('consumer')
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .where('seen', '<=', given('seen')),
)

/** What an instance said last: the versions of each secret. */
export async function usesOf(
  sql: Sql,
  vault: string,
  principal: string,
  instance: string,
): Promise<Map<string, Set<string>>> {
  const uses = new Map<string, Set<string>>()
  for (const { secret_key, version } of await before.all(sql, { vault, principal, instance })) {
    uses.set(secret_key, (uses.get(secret_key) ?? new Set()).add(version))
  }
  return uses
}

/** That an instance runs on a version, seen now. */
export async function keepUse(sql: Sql, vault: string, secretKey: string, principal: string, use: Use): Promise<void> {
  await upsert.changed(sql, { vault, secret_key: secretKey, principal, ...use })
}

/** That an instance has left a version. */
export async function dropUse(
  sql: Sql,
  vault: string,
  secretKey: string,
  principal: string,
  { instance, version }: Pick<Use, 'instance' | 'version'>,
): Promise<void> {
  await drop.changed(sql, { vault, secret_key: secretKey, principal, instance, version })
}

const since = statement<Tables, { vault: string; secret_key: string; seen: number }, Use>((db, given) =>
  db
    .selectFrom('consumer')
    .select(['instance', 'application', 'version', 'seen', 'principal'])
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .where('seen', '>', given('seen'))
    .union(
      db
        .selectFrom('consumer as c')
        .innerJoin('derived_version as d', (join) =>
          join
            .onRef('d.vault', '=', 'c.vault')
            .onRef('d.name_key', '=', 'c.secret_key')
            .onRef('d.version', '=', 'c.version'),
        )
        .select(['c.instance', 'c.application', 'd.part_version as version', 'c.seen', 'c.principal'])
        .where('c.vault', '=', given('vault'))
        .where('d.part_key', '=', given('secret_key'))
        .where('c.seen', '>', given('seen')),
    )
    .orderBy('application')
    .orderBy('instance')
    .orderBy('principal')
    .orderBy('version'),
)

/**
 * Those who were seen after a time, in the order of their names. Who runs on a secret that is made of this one runs on
 * the version of this one that is in it.
 */
export const usersSince = (sql: Sql, vault: string, secretKey: string, seen: Instant): Promise<Use[]> =>
  since.all(sql, { vault, secret_key: secretKey, seen })

/** Forgets who was not seen after a time. */
export async function forgetSilent(sql: Sql, vault: string, secretKey: string, seen: Instant): Promise<void> {
  await dropSilent.changed(sql, { vault, secret_key: secretKey, seen })
}

const dropAll = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('consumer').where('vault', '=', given('vault')),
)
/** Forgets everybody who said anything of this vault. */
export async function dropUsesIn(sql: Sql, vault: string): Promise<void> {
  await dropAll.changed(sql, { vault })
}

const heard = statement<Tables, Record<never, never>, Heard>((db) =>
  db.selectFrom('consumers_heard').select(['since', 'last']),
)
const hear = statement<Tables, Heard>((db, given) =>
  db
    .insertInto('consumers_heard')
    .values({ one: 1, since: given('since'), last: given('last') })
    .onConflict((conflict) => conflict.column('one').doUpdateSet({ since: given('since'), last: given('last') })),
)

/** Since when consumers have been heard without a break, and when one was last; undefined before the first. */
export const heardSince = (sql: Sql): Promise<Heard | undefined> => heard.first(sql, {})

export async function keepHeard(sql: Sql, since: Instant, last: Instant): Promise<void> {
  await hear.changed(sql, { since, last })
}
