import type { Turn } from '#base/database.ts'
import { unscheduleUnder } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { removeChangeSetsIn } from './change-set-rows.ts'
import { changeSetDue } from './change-sets.ts'
import { removeReferencesIn } from './reference-rows.ts'
import { removeSettingsIn } from './setting-rows.ts'
import { removeSnapshotsIn } from './snapshot-rows.ts'

/** Takes every setting of a store away for good, with all that it was, every snapshot of it, and what was to become of it. */
export async function forgetSettings(turn: Turn, { name }: Store): Promise<void> {
  const { sql } = turn
  await removeReferencesIn(sql, name)
  await removeSettingsIn(sql, name)
  await removeSnapshotsIn(sql, name)
  await removeChangeSetsIn(sql, name)
  await unscheduleUnder(turn, changeSetDue, `${name}/`)
}
