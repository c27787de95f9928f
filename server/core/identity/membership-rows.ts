import { type Sql, statement } from '#base/sql.ts'

/** Who belongs to which group, and the keyed hash that proves it ours. */
export type MembershipRow = { readonly container: string; readonly member: string; readonly proof: Uint8Array }
type Tables = { membership: MembershipRow }

const above = statement<Tables, { member: string }, MembershipRow>((db, given) =>
  db.selectFrom('membership').selectAll().where('member', '=', given('member')).orderBy('container'),
)
const below = statement<Tables, { container: string }, MembershipRow>((db, given) =>
  db.selectFrom('membership').selectAll().where('container', '=', given('container')).orderBy('member'),
)
const insert = statement<Tables, MembershipRow>((db, given) =>
  db
    .insertInto('membership')
    .values({ container: given('container'), member: given('member'), proof: given('proof') })
    .onConflict((conflict) => conflict.doNothing()),
)
const remove = statement<Tables, { container: string; member: string }>((db, given) =>
  db.deleteFrom('membership').where('container', '=', given('container')).where('member', '=', given('member')),
)
const removeEvery = statement<Tables, { principal: string }>((db, given) =>
  db
    .deleteFrom('membership')
    .where((where) =>
      where.or([where('container', '=', given('principal')), where('member', '=', given('principal'))]),
    ),
)

export const containersOf = (sql: Sql, member: string): Promise<MembershipRow[]> => above.all(sql, { member })
export const membersIn = (sql: Sql, container: string): Promise<MembershipRow[]> => below.all(sql, { container })
/** False when it is there already. */
export const addMembership = async (sql: Sql, row: MembershipRow): Promise<boolean> =>
  (await insert.changed(sql, row)) === 1
/** False when there was none. */
export const removeMembership = async (sql: Sql, container: string, member: string): Promise<boolean> =>
  (await remove.changed(sql, { container, member })) === 1
export async function removeMembershipsOf(sql: Sql, principal: string): Promise<void> {
  await removeEvery.changed(sql, { principal })
}
