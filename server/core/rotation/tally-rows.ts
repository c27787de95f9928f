import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type RotationRow = {
  id: string
  vault: string
  name_key: string
  open_key: string | null
  state: RotationState
  entered: number
  new_version: string | null
  published: number | null
  grace_until: number | null
}
type Tables = { rotation: RotationRow }

const openByState = statement<Tables, Record<never, never>, { state: RotationState; count: number | string }>((db) =>
  db
    .selectFrom('rotation')
    .select(['state', (row) => row.fn.countAll<number | string>().as('count')])
    .where('open_key', 'is not', null)
    .groupBy('state'),
)
const troubled = statement<
  Tables,
  { since: number },
  Pick<RotationRow, 'id' | 'vault' | 'name_key' | 'state' | 'entered'>
>((db, given) =>
  db
    .selectFrom('rotation')
    .select(['id', 'vault', 'name_key', 'state', 'entered'])
    .where((row) =>
      row.or([
        row.and([row('open_key', 'is not', null), row('state', '=', 'blocked')]),
        row.and([row('state', '=', 'aborted'), row('entered', '>=', given('since'))]),
      ]),
    )
    .orderBy('entered'),
)

const waiting = statement<
  Tables,
  { before: number },
  Pick<RotationRow, 'id' | 'vault' | 'name_key' | 'new_version' | 'published' | 'grace_until'>
>((db, given) =>
  db
    .selectFrom('rotation')
    .select(['id', 'vault', 'name_key', 'new_version', 'published', 'grace_until'])
    .where('open_key', 'is not', null)
    .where('state', '=', 'grace')
    .where('published', '<=', given('before'))
    .orderBy('published'),
)

/** How many rotations that haven't ended are in which state. */
export const countOpen = async (sql: Sql): Promise<ReadonlyMap<RotationState, number>> =>
  new Map((await openByState.all(sql, {})).map(({ state, count }) => [state, Number(count)]))

export type Troubled = {
  readonly id: string
  readonly vault: string
  readonly nameKey: string
  readonly state: 'blocked' | 'aborted'
  readonly entered: Instant
}
/** The rotations that have come to nothing or need a hand, since then. */
export const troubledSince = async (sql: Sql, since: Instant): Promise<Troubled[]> =>
  (await troubled.all(sql, { since })).map(({ name_key: nameKey, state, ...row }) => ({
    ...row,
    nameKey,
    state: state === 'blocked' ? 'blocked' : 'aborted',
  }))

export type InGrace = {
  readonly id: string
  readonly vault: string
  readonly nameKey: string
  readonly newVersion: string
  readonly published: Instant
  readonly graceUntil: Instant
}
/** The rotations in grace that were published before then. */
export const inGraceBefore = async (sql: Sql, before: Instant): Promise<InGrace[]> =>
  (await waiting.all(sql, { before })).map(({ name_key: nameKey, new_version, published, grace_until, ...row }) => ({
    ...row,
    nameKey,
    newVersion: new_version ?? '',
    published: published ?? before,
    graceUntil: grace_until ?? before,
  }))
