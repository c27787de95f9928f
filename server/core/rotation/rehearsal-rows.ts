import type { Check } from '@cardea/contract/cardea/rehearsals'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type RehearsalRow = {
  vault: string
  name_key: string
  id: string
  provider: string
  binding: string
  asked: number
  ended: number | null
  seed: Uint8Array | null
  checks: string | null
}
type Tables = { rotation_rehearsal: RehearsalRow }
type Subject = { vault: string; name_key: string }

/** The last rehearsal of a secret. Its seed is kept, sealed, until it is over. */
export type Rehearsal = {
  readonly vault: string
  readonly nameKey: string
  readonly id: string
  readonly provider: string
  readonly binding: string
  readonly asked: Instant
  readonly ended: Instant | undefined
  readonly seed: Uint8Array | undefined
  readonly checks: readonly Check[]
}

const upsert = statement<Tables, RehearsalRow>((db, given) =>
  db
    .insertInto('rotation_rehearsal')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      id: given('id'),
      provider: given('provider'),
      binding: given('binding'),
      asked: given('asked'),
      ended: given('ended'),
      seed: given('seed'),
      checks: given('checks'),
    })
    .onConflict((conflict) =>
      conflict.columns(['vault', 'name_key']).doUpdateSet({
        id: given('id'),
        provider: given('provider'),
        binding: given('binding'),
        asked: given('asked'),
        ended: given('ended'),
        seed: given('seed'),
        checks: given('checks'),
      }),
    ),
)
const byName = statement<Tables, Subject, RehearsalRow>((db, given) =>
  db
    .selectFrom('rotation_rehearsal')
    .selectAll()
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const unended = statement<Tables, { vault: string }, Pick<RehearsalRow, 'name_key'>>((db, given) =>
  db.selectFrom('rotation_rehearsal').select('name_key').where('vault', '=', given('vault')).where('ended', 'is', null),
)
const dropIn = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('rotation_rehearsal').where('vault', '=', given('vault')),
)

/** Keeps a rehearsal in place of the secret's last one. */
export async function keepRehearsal(sql: Sql, rehearsal: Rehearsal): Promise<void> {
  await upsert.changed(sql, {
    vault: rehearsal.vault,
    name_key: rehearsal.nameKey,
    id: rehearsal.id,
    provider: rehearsal.provider,
    binding: rehearsal.binding,
    asked: rehearsal.asked,
    ended: rehearsal.ended ?? null,
    seed: rehearsal.seed ?? null,
    checks: JSON.stringify(rehearsal.checks),
  })
}

/** The last rehearsal of a secret. */
export async function rehearsalOf(sql: Sql, vault: string, nameKey: string): Promise<Rehearsal | undefined> {
  const row = await byName.first(sql, { vault, name_key: nameKey })
  return (
    row && {
      vault: row.vault,
      nameKey: row.name_key,
      id: row.id,
      provider: row.provider,
      binding: row.binding,
      asked: row.asked,
      ended: row.ended ?? undefined,
      seed: row.seed ?? undefined,
      checks: row.checks === null ? [] : (JSON.parse(row.checks) as Check[]),
    }
  )
}

/** The secrets of a vault whose rehearsal isn't over. */
export const rehearsedIn = async (sql: Sql, vault: string): Promise<string[]> =>
  (await unended.all(sql, { vault })).map(({ name_key }) => name_key)

/** Takes the rehearsals of a vault away. */
export async function removeRehearsalsIn(sql: Sql, vault: string): Promise<void> {
  await dropIn.changed(sql, { vault })
}
