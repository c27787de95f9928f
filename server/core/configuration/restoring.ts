import { Fault } from '#base/fault.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Store } from '#core/vaults/store.ts'
import { backTo, type Change, type Creator, placeOf } from './change-set.ts'
import { type Applied, applyChanges, type Wanted } from './change-sets.ts'
import { historyMsOf } from './history.ts'
import { type House, openedAll } from './keeping.ts'
import { type Address, type Moment, type Selection, sameContent } from './setting.ts'
import type { Kept } from './setting-rows.ts'
import { seesOf } from './sight.ts'
import { listKept } from './state-rows.ts'

type Looking = Pick<Sight<'settings/write'> | Scope<'settings/write'>, 'sql' | 'at' | 'keyring' | 'permit'>

/**
 * The changes that put settings of a store back to what they were at an instant: of those chosen, and as far as the caller
 * may see them. What is as it was then is in none.
 */
export async function changesBackTo(
  { sql, at, keyring, permit }: Looking,
  store: Store,
  selection: Selection,
  instant: number,
): Promise<readonly Change[]> {
  if (instant >= at) throw new Fault('invalid', 'at must be in the past.', { where: 'at' })
  const days = historyMsOf(store) / 86_400_000
  if (instant < at - historyMsOf(store)) {
    throw new Fault('invalid', `The store remembers what settings were for ${days} days.`, { where: 'at' })
  }
  const sees = seesOf(permit, store) ?? (() => true)
  const all = async (moment: Moment): Promise<readonly Kept[]> => {
    const found: Kept[] = []
    for (let [after, when]: [Address | undefined, Moment] = [undefined, moment]; ; ) {
      const part = await listKept(sql, store.name, selection, when, { after, limit: pieceMax })
      found.push(...part.items)
      after = part.items.at(-1)?.setting
      when = part.moment
      if (part.items.length < pieceMax) return found.filter(({ setting }) => sees(setting))
    }
  }
  const [then, now] = [await all({ kind: 'instant', at: instant }), await all({ kind: 'now' })]
  const present = new Map(now.map((kept) => [placeOf(kept.setting), kept]))
  const past = new Set(then.map(({ setting }) => placeOf(setting)))
  // A number of the journal is given once: the same number is the same writing.
  const rewritten = then.filter(({ setting }) => present.get(placeOf(setting))?.setting.since !== setting.since)
  const added = now.filter(({ setting }) => !past.has(placeOf(setting)))
  const changes: Change[] = []
  for (const kept of rewritten) {
    const [setting, other] = await openedAll(
      sql,
      keyring,
      store,
      [kept, present.get(placeOf(kept.setting))].filter((one) => one !== undefined),
    )
    if (setting === undefined) continue
    const same = other !== undefined && sameContent(setting, other) && setting.locked === other.locked
    if (!same) changes.push(backTo(setting, setting, {}))
  }
  return [...changes, ...added.map(({ setting }) => backTo(setting, undefined, {}))]
}
/** Puts settings back to what they were at an instant, all in this turn, as a change set that can be undone. */
export async function restoreTo(
  scope: Scope<'settings/write'>,
  store: Store,
  selection: Selection,
  instant: number,
  wanted: Pick<Wanted, 'basis' | 'description'>,
  creator: Creator,
  house: House,
): Promise<Applied> {
  const changes = await changesBackTo(scope, store, selection, instant)
  if (changes.length === 0) throw new Fault('conflict', 'Everything is as it was then.')
  return applyChanges(scope, store, { ...wanted, changes, origin: { kind: 'restore', at: instant } }, creator, house)
}

/** So many settings are looked at together. */
const pieceMax = 1_000
