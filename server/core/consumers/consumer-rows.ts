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
type Tables = {
  consumer: Row
  derived_version: { vault: string; name_key: string; version: string; part_key: string; part_version: string }
}

/** One running instance of an application, and the version of one secret that it runs on. */
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
        .columns(['vault', 'secret_key', 'principal', 'instance'])
        .doUpdateSet({ application: given('application'), version: given('version'), seen: given('seen') }),
    ),
)
const drop = statement<Tables, Pick<Row, 'vault' | 'secret_key' | 'principal' | 'instance'>>((db, given) =>
  db
    .deleteFrom('consumer')
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .where('principal', '=', given('principal'))
    .where('instance', '=', given('instance')),
)
const dropSilent = statement<Tables, { vault: string; secret_key: string; seen: number }>((db, given) =>
  db
    .deleteFrom('consumer')
    .where('vault', '=', given('vault'))
    .where('secret_key', '=', given('secret_key'))
    .where('seen', '<=', given('seen')),
)

/** What an instance said last: the version of each secret. */
export async function usesOf(
  sql: Sql,
  vault: string,
  principal: string,
  instance: string,
): Promise<Map<string, string>> {
  const rows = await before.all(sql, { vault, principal, instance })
  return new Map(rows.map(({ secret_key, version }) => [secret_key, version]))
}

export async function keepUse(sql: Sql, vault: string, secretKey: string, principal: string, use: Use): Promise<void> {
  await upsert.changed(sql, { vault, secret_key: secretKey, principal, ...use })
}

export async function dropUse(
  sql: Sql,
  vault: string,
  secretKey: string,
  principal: string,
  instance: string,
): Promise<void> {
  await drop.changed(sql, { vault, secret_key: secretKey, principal, instance })
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
    .orderBy('principal'),
)

/**
 * Those who were seen after a time, in the order of their names. Who runs on a secret that is made of this one runs on
 * the version of this one that is in it.
 */
export const usersSince = (sql: Sql, vault: string, secretKey: string, seen: Instant): Promise<Use[]> =>
  since.all(sql, { vault, secret_key: secretKey, seen })

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
