import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import type { Policy, Schedule } from './policy.ts'

type PolicyRow = {
  vault: string
  name_key: string
  provider: string
  binding: string
  interval_ms: number | null
  grace_ms: number
  scrub: number
  next: number | null
  schedule: string | null
}
type RotationRow = {
  id: string
  vault: string
  name_key: string
  open_key: string | null
  provider: string
  binding: string
  scrub: number
  base_version: string | null
  returned_version: string | null
  state: string
  reason: string
  attempt: number
  started: number
  entered: number
  next: number
  gives_up: number
  candidate: Uint8Array | null
  previous: Uint8Array | null
  slot: string | null
  old_slot: string | null
  new_version: string | null
  published: number | null
  grace_until: number | null
  quiet_until: number | null
  last_error: string | null
  prepared: number
  accepted: number
}
type Tables = { rotation_policy: PolicyRow; rotation: RotationRow }
type Subject = { vault: string; name_key: string }

export type Reason = 'scheduled' | 'on-demand' | 'emergency'

/** One rotation of one secret. What it has thought of is kept sealed; what it waits for, in the open. */
export type Rotation = {
  readonly id: string
  readonly vault: string
  readonly nameKey: string
  readonly provider: string
  readonly binding: string
  readonly scrub: boolean
  /** The version that was current when it was prepared. */
  readonly baseVersion: string | undefined
  /** The version by which an operator has gone back to the value before. */
  readonly returnedVersion: string | undefined
  readonly state: RotationState
  readonly reason: Reason
  readonly attempt: number
  readonly started: Instant
  readonly entered: Instant
  readonly next: Instant
  readonly givesUp: Instant
  readonly candidate: Uint8Array | undefined
  readonly previous: Uint8Array | undefined
  readonly slot: string | undefined
  readonly oldSlot: string | undefined
  readonly newVersion: string | undefined
  readonly published: Instant | undefined
  readonly graceUntil: Instant | undefined
  /** From then on no request of this rotation can be under way; undefined: none is. */
  readonly quietUntil: Instant | undefined
  readonly lastError: string | undefined
  /** What it starts from is kept, and the candidate where it is ours to think of. */
  readonly prepared: boolean
  /** An operator has said that the far side is right as it is. */
  readonly accepted: boolean
}

const policyBy = statement<Tables, Subject, PolicyRow>((db, given) =>
  db
    .selectFrom('rotation_policy')
    .selectAll()
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const policiesBy = statement<Tables, { provider: string }, Pick<PolicyRow, 'vault' | 'name_key' | 'binding'>>(
  (db, given) =>
    db.selectFrom('rotation_policy').select(['vault', 'name_key', 'binding']).where('provider', '=', given('provider')),
)
const policiesAfter = statement<Tables, { vault: string; after: string; limit: number }, PolicyRow>((db, given) =>
  db
    .selectFrom('rotation_policy')
    .selectAll()
    .where('vault', '=', given('vault'))
    .where('name_key', '>', given('after'))
    .orderBy('name_key')
    .limit(given('limit')),
)
const upsertPolicy = statement<Tables, PolicyRow>((db, given) =>
  db
    .insertInto('rotation_policy')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      provider: given('provider'),
      binding: given('binding'),
      interval_ms: given('interval_ms'),
      grace_ms: given('grace_ms'),
      scrub: given('scrub'),
      next: given('next'),
      schedule: given('schedule'),
    })
    .onConflict((conflict) =>
      conflict.columns(['vault', 'name_key']).doUpdateSet({
        provider: given('provider'),
        binding: given('binding'),
        interval_ms: given('interval_ms'),
        grace_ms: given('grace_ms'),
        scrub: given('scrub'),
        next: given('next'),
        schedule: given('schedule'),
      }),
    ),
)
const setNext = statement<Tables, Subject & { next: number | null }>((db, given) =>
  db
    .updateTable('rotation_policy')
    .set({ next: given('next') })
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const dropPolicy = statement<Tables, Subject>((db, given) =>
  db.deleteFrom('rotation_policy').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const insertRotation = statement<Tables, RotationRow>((db, given) =>
  db.insertInto('rotation').values({
    id: given('id'),
    vault: given('vault'),
    name_key: given('name_key'),
    open_key: given('open_key'),
    provider: given('provider'),
    binding: given('binding'),
    scrub: given('scrub'),
    base_version: given('base_version'),
    returned_version: given('returned_version'),
    state: given('state'),
    reason: given('reason'),
    attempt: given('attempt'),
    started: given('started'),
    entered: given('entered'),
    next: given('next'),
    gives_up: given('gives_up'),
    candidate: given('candidate'),
    previous: given('previous'),
    slot: given('slot'),
    old_slot: given('old_slot'),
    new_version: given('new_version'),
    published: given('published'),
    grace_until: given('grace_until'),
    quiet_until: given('quiet_until'),
    last_error: given('last_error'),
    prepared: given('prepared'),
    accepted: given('accepted'),
  }),
)
const openBy = statement<Tables, Subject, RotationRow>((db, given) =>
  db.selectFrom('rotation').selectAll().where('vault', '=', given('vault')).where('open_key', '=', given('name_key')),
)
const lastBy = statement<Tables, Subject, RotationRow>((db, given) =>
  db
    .selectFrom('rotation')
    .selectAll()
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .orderBy('started', 'desc')
    .orderBy('id', 'desc')
    .limit(1),
)
const anyWithVersion = statement<Tables, Subject, Pick<RotationRow, 'id'>>((db, given) =>
  db
    .selectFrom('rotation')
    .select('id')
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where((row) => row.or([row('new_version', 'is not', null), row('base_version', 'is not', null)]))
    .limit(1),
)

/** The bindings to one provider, of all secrets. */
export async function bindingsTo(
  sql: Sql,
  provider: string,
): Promise<{ readonly vault: string; readonly nameKey: string; readonly binding: string }[]> {
  return (await policiesBy.all(sql, { provider })).map(({ vault, name_key, binding }) => ({
    vault,
    nameKey: name_key,
    binding,
  }))
}

/** What a secret is bound to, and how. */
export async function policyOf(sql: Sql, vault: string, nameKey: string): Promise<Policy | undefined> {
  const row = await policyBy.first(sql, { vault, name_key: nameKey })
  return row && policyIn(row)
}

const policyIn = (row: PolicyRow): Policy => ({
  provider: row.provider,
  binding: row.binding,
  intervalMs: row.interval_ms ?? undefined,
  graceMs: row.grace_ms,
  scrub: row.scrub === 1,
  schedule: row.schedule === null ? undefined : (JSON.parse(row.schedule) as Schedule),
  next: row.next ?? undefined,
})

/** The bindings of a vault in the order of names, after one. */
export const policiesIn = async (
  sql: Sql,
  vault: string,
  after: string,
  limit: number,
): Promise<{ readonly nameKey: string; readonly policy: Policy }[]> =>
  (await policiesAfter.all(sql, { vault, after, limit })).map((row) => ({
    nameKey: row.name_key,
    policy: policyIn(row),
  }))

/** Binds a secret, or binds it anew. */
export async function keepPolicy(sql: Sql, vault: string, nameKey: string, policy: Policy): Promise<void> {
  await upsertPolicy.changed(sql, {
    vault,
    name_key: nameKey,
    provider: policy.provider,
    binding: policy.binding,
    interval_ms: policy.intervalMs ?? null,
    grace_ms: policy.graceMs,
    scrub: policy.scrub ? 1 : 0,
    next: policy.next ?? null,
    schedule: policy.schedule === undefined ? null : JSON.stringify(policy.schedule),
  })
}

/** Keeps when the next rotation begins by itself; undefined for never. */
export async function keepNext(sql: Sql, vault: string, nameKey: string, next: Instant | undefined): Promise<void> {
  await setNext.changed(sql, { vault, name_key: nameKey, next: next ?? null })
}

/** Unbinds a secret; false if it was not bound. */
export const removePolicy = async (sql: Sql, vault: string, nameKey: string): Promise<boolean> =>
  (await dropPolicy.changed(sql, { vault, name_key: nameKey })) === 1

/** Adds a rotation, which is open. A secret has one that is open at most. */
export async function addRotation(sql: Sql, rotation: Rotation): Promise<void> {
  await insertRotation.changed(sql, { ...rowOf(rotation), open_key: rotation.nameKey } as RotationRow)
}

/** The rotation of this secret that hasn't ended; there is one at most. */
export const openRotation = async (sql: Sql, vault: string, nameKey: string): Promise<Rotation | undefined> =>
  rotationOf(await openBy.first(sql, { vault, name_key: nameKey }))

/** The rotation of a secret that began last, open or over. */
export const lastRotation = async (sql: Sql, vault: string, nameKey: string): Promise<Rotation | undefined> =>
  rotationOf(await lastBy.first(sql, { vault, name_key: nameKey }))

/** Whether a rotation of this secret has ever met a version of it. */
export const hasMetVersion = async (sql: Sql, vault: string, nameKey: string): Promise<boolean> =>
  (await anyWithVersion.first(sql, { vault, name_key: nameKey })) !== undefined

/** Which slot each of these versions was published from, as far as a rotation of this secret has known it. */
export async function slotsOf(
  sql: Sql,
  vault: string,
  nameKey: string,
  versions: readonly string[],
): Promise<Map<string, string>> {
  if (versions.length === 0) return new Map()
  const rows = await query<
    Tables,
    Pick<RotationRow, 'new_version' | 'slot' | 'base_version' | 'returned_version' | 'old_slot'>
  >(sql, (db) =>
    db
      .selectFrom('rotation')
      .select(['new_version', 'slot', 'base_version', 'returned_version', 'old_slot'])
      .where('vault', '=', vault)
      .where('name_key', '=', nameKey)
      .where((row) =>
        row.or([
          row('new_version', 'in', versions),
          row('base_version', 'in', versions),
          row('returned_version', 'in', versions),
        ]),
      ),
  )
  const known = rows.flatMap((row) => [
    [row.base_version, row.old_slot],
    [row.returned_version, row.old_slot],
    [row.new_version, row.slot],
  ])
  return new Map(known.filter((pair): pair is [string, string] => pair[0] !== null && pair[1] !== null))
}

/** Changes a rotation that is still in a state; false if it is no longer. With `closed` it ends. */
export async function changeRotation(
  sql: Sql,
  { id, state }: Pick<Rotation, 'id' | 'state'>,
  change: Partial<Rotation>,
  closed = false,
): Promise<boolean> {
  const set = { ...rowOf(change), ...(closed && { open_key: null }) }
  const rows = await query<Tables, { id: string }>(sql, (db) =>
    db.updateTable('rotation').set(set).where('id', '=', id).where('state', '=', state).returning('id'),
  )
  return rows.length === 1
}

const columns = {
  id: 'id',
  vault: 'vault',
  nameKey: 'name_key',
  provider: 'provider',
  binding: 'binding',
  scrub: 'scrub',
  baseVersion: 'base_version',
  returnedVersion: 'returned_version',
  state: 'state',
  reason: 'reason',
  attempt: 'attempt',
  started: 'started',
  entered: 'entered',
  next: 'next',
  givesUp: 'gives_up',
  candidate: 'candidate',
  previous: 'previous',
  slot: 'slot',
  oldSlot: 'old_slot',
  newVersion: 'new_version',
  published: 'published',
  graceUntil: 'grace_until',
  quietUntil: 'quiet_until',
  lastError: 'last_error',
  prepared: 'prepared',
  accepted: 'accepted',
} as const satisfies Record<keyof Rotation, keyof RotationRow>
const names = Object.entries(columns) as [keyof Rotation, keyof RotationRow][]

const rowOf = (rotation: Partial<Rotation>): Partial<RotationRow> =>
  Object.fromEntries(
    names.filter(([name]) => name in rotation).map(([name, column]) => [column, storable(rotation[name])]),
  )
const storable = (given: Rotation[keyof Rotation]) => (typeof given === 'boolean' ? Number(given) : (given ?? null))

const rotationOf = (row: RotationRow | undefined): Rotation | undefined =>
  row &&
  ({
    ...Object.fromEntries(names.map(([name, column]) => [name, row[column] ?? undefined])),
    scrub: row.scrub === 1,
    prepared: row.prepared === 1,
    accepted: row.accepted === 1,
  } as unknown as Rotation)

const bound = statement<Tables, { vault: string }, { name_key: string }>((db, given) =>
  db
    .selectFrom('rotation_policy')
    .select('name_key')
    .where('vault', '=', given('vault'))
    .union(
      db
        .selectFrom('rotation')
        .select('name_key')
        .where('vault', '=', given('vault'))
        .where('open_key', 'is not', null),
    ),
)
const dropPolicies = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('rotation_policy').where('vault', '=', given('vault')),
)
const dropRotations = statement<Tables, { vault: string }>((db, given) =>
  db.deleteFrom('rotation').where('vault', '=', given('vault')),
)

/** What is bound in a vault, and what is being rotated though it no longer is. */
export const boundIn = async (sql: Sql, vault: string): Promise<string[]> =>
  (await bound.all(sql, { vault })).map(({ name_key }) => name_key)

/** Takes the bindings and rotations of a vault away. */
export async function removeRotationsIn(sql: Sql, vault: string): Promise<void> {
  await dropPolicies.changed(sql, { vault })
  await dropRotations.changed(sql, { vault })
}
