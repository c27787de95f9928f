import type { Turn } from '#base/database.ts'
import type { Store } from '#core/vaults/vault.ts'
import { removeReferencesIn } from './reference-rows.ts'
import { removeSettingsIn } from './setting-rows.ts'
import { removeSnapshotsIn } from './snapshot-rows.ts'

/** Takes every setting of a store away for good, with all that it was and every snapshot of it. */
export async function forgetSettings({ sql }: Turn, { name }: Store): Promise<void> {
  await removeReferencesIn(sql, name)
  await removeSettingsIn(sql, name)
  await removeSnapshotsIn(sql, name)
}
