import { type Sql, statement } from '#base/sql.ts'

type Tables = {
  derivation: { vault: string; name_key: string; sealed: Uint8Array; trouble: string | null }
  derivation_part: { vault: string; part_key: string; name_key: string }
  derived_version: { vault: string; name_key: string; version: string; part_key: string; part_version: string }
}
type Subject = { vault: string; name_key: string }
type Link = { part_key: string; name_key: string }

const links = statement<Tables, Subject, Link>((db, given) =>
  db
    .selectFrom('derivation_part')
    .select(['part_key', 'name_key'])
    .where('vault', '=', given('vault'))
    .where((row) => row.or([row('name_key', '=', given('name_key')), row('part_key', '=', given('name_key'))])),
)
const one = statement<Tables, Subject, { sealed: Uint8Array; trouble: string | null }>((db, given) =>
  db
    .selectFrom('derivation')
    .select(['sealed', 'trouble'])
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const upsert = statement<Tables, Tables['derivation']>((db, given) =>
  db
    .insertInto('derivation')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      sealed: given('sealed'),
      trouble: given('trouble'),
    })
    .onConflict((conflict) =>
      conflict.columns(['vault', 'name_key']).doUpdateSet({ sealed: given('sealed'), trouble: given('trouble') }),
    ),
)
const setTrouble = statement<Tables, Subject & { trouble: string | null }>((db, given) =>
  db
    .updateTable('derivation')
    .set({ trouble: given('trouble') })
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const drop = statement<Tables, Subject>((db, given) =>
  db.deleteFrom('derivation').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const dropParts = statement<Tables, Subject>((db, given) =>
  db.deleteFrom('derivation_part').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const addPart = statement<Tables, Tables['derivation_part']>((db, given) =>
  db
    .insertInto('derivation_part')
    .values({ vault: given('vault'), part_key: given('part_key'), name_key: given('name_key') }),
)
const madeOf = statement<Tables, Subject & { version: string }, { part_key: string; part_version: string }>(
  (db, given) =>
    db
      .selectFrom('derived_version')
      .select(['part_key', 'part_version'])
      .where('vault', '=', given('vault'))
      .where('name_key', '=', given('name_key'))
      .where('version', '=', given('version')),
)
const addMade = statement<Tables, Tables['derived_version']>((db, given) =>
  db
    .insertInto('derived_version')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      version: given('version'),
      part_key: given('part_key'),
      part_version: given('part_version'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['vault', 'name_key', 'version', 'part_key'])
        .doUpdateSet({ part_version: given('part_version') }),
    ),
)
const dropMade = statement<Tables, Subject>((db, given) =>
  db.deleteFrom('derived_version').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const inVault = (['derivation', 'derivation_part', 'derived_version'] as const).map((table) =>
  statement<Tables, { vault: string }>((db, given) => db.deleteFrom(table).where('vault', '=', given('vault'))),
)

/** What a secret is made of, and what is made of it; one step each way. */
export async function linksOf(
  sql: Sql,
  vault: string,
  key: string,
): Promise<{ readonly parts: readonly string[]; readonly made: readonly string[] }> {
  const rows = await links.all(sql, { vault, name_key: key })
  return {
    parts: rows.filter(({ name_key }) => name_key === key).map(({ part_key }) => part_key),
    made: rows.filter(({ part_key }) => part_key === key).map(({ name_key }) => name_key),
  }
}

export const keptDerivation = (
  sql: Sql,
  vault: string,
  key: string,
): Promise<{ sealed: Uint8Array; trouble: string | null } | undefined> => one.first(sql, { vault, name_key: key })

/** Keeps how a secret is made, and the keys of what it is made of, in the place of what was before. */
export async function keepDerivation(
  sql: Sql,
  vault: string,
  key: string,
  sealed: Uint8Array,
  parts: readonly string[],
): Promise<void> {
  await upsert.changed(sql, { vault, name_key: key, sealed, trouble: null })
  await dropParts.changed(sql, { vault, name_key: key })
  for (const part of parts) await addPart.changed(sql, { vault, part_key: part, name_key: key })
}

/** Keeps why a secret could not be made anew; undefined once it could. */
export async function keepTrouble(sql: Sql, vault: string, key: string, trouble: string | undefined): Promise<void> {
  await setTrouble.changed(sql, { vault, name_key: key, trouble: trouble ?? null })
}

/** Has a secret made of nothing any more; false if it wasn’t made of anything. */
export async function removeDerivation(sql: Sql, vault: string, key: string): Promise<boolean> {
  await dropParts.changed(sql, { vault, name_key: key })
  return (await drop.changed(sql, { vault, name_key: key })) === 1
}

/** The versions of other secrets that are in a version, however deep; none for one that was set by hand. */
export async function versionsIn(
  sql: Sql,
  vault: string,
  key: string,
  version: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = await madeOf.all(sql, { vault, name_key: key, version })
  return new Map(rows.map(({ part_key, part_version }) => [part_key, part_version]))
}

/** Keeps which versions of other secrets are in a version, by their keys. */
export async function keepVersionsIn(
  sql: Sql,
  vault: string,
  key: string,
  version: string,
  parts: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [part, of] of parts) {
    await addMade.changed(sql, { vault, name_key: key, version, part_key: part, part_version: of })
  }
}

/** Forgets what a purged secret was made of. */
export async function forgetDerivation(sql: Sql, vault: string, key: string): Promise<void> {
  await removeDerivation(sql, vault, key)
  await dropMade.changed(sql, { vault, name_key: key })
}

export async function removeDerivationsIn(sql: Sql, vault: string): Promise<void> {
  for (const one of inVault) await one.changed(sql, { vault })
}
