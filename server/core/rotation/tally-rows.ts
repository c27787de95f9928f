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
}
type Tables = { rotation: RotationRow }

const openByState = statement<Tables, Record<never, never>, { state: RotationState; count: number | string }>((db) =>
  db
    .selectFrom('rotation')
    .select(['state', (row) => row.fn.countAll<number | string>().as('count')])
    .where('open_key', 'is not', null)
    .groupBy('state'),
)
const troubled = statement<Tables, { since: number }, Omit<RotationRow, 'open_key'>>((db, given) =>
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
export const troubledSince = async (sql: Sql, since: Instant): Promise<Troubled[]> =>
  (await troubled.all(sql, { since })).map(({ name_key: nameKey, state, ...row }) => ({
    ...row,
    nameKey,
    state: state === 'blocked' ? 'blocked' : 'aborted',
  }))
