import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { forgetScope } from '#core/access/forget-scope.ts'
import { keepPermissionModel, permissionModelOf } from '#core/access/permission-model.ts'
import { forgetCertificates, pauseCertificates, resumeCertificates } from '#core/certificates/pause.ts'
import { forgetUses } from '#core/consumers/consumers.ts'
import { forgetChanges } from '#core/events/events.ts'
import { forgetKeys, pauseKeys, resumeKeys } from '#core/keys/pause.ts'
import { forgetLocks, refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { forgetRotations, pauseRotations, resumeRotations } from '#core/rotation/pause.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { forgetSecrets, pausePurges, resumePurges } from '#core/secrets/pause.ts'
import { forgetSubscriptions } from '#core/subscriptions/subscriptions.ts'
import { purgeDate } from '#core/vaults/managed.ts'
import { groupIn, lastIn } from '#core/vaults/resource-id.ts'
import type { ManagedVault } from '#core/vaults/vault.ts'
import { eraseVault, keepVault, vaultNamed, vaultsIn } from '#core/vaults/vaults.ts'
import { groupNamed } from './groups.ts'
import type { ModelledVault } from './vaults.ts'

/** The kind under which a deleted vault waits for its purge. */
export const purgingVaults = 'purge-vault'

/** A deleted vault; what was in it waits, and nobody has any right there. */
export type DeletedVault = ManagedVault & { readonly removal: NonNullable<ManagedVault['removal']> }

const deleted = (vault: ManagedVault | undefined): vault is DeletedVault => vault?.removal !== undefined

export const noSuchDeletedVault = (name: string): Fault =>
  new Fault('not-found', `The specified deleted vault '${name}' does not exist.`, { arm: 'DeletedVaultNotFound' })

type Hands = { readonly turn: Turn; readonly keyring: Keyring }

/** Deletes a vault with all that is in it; until its purge it can be recovered just as it was. */
export async function deleteVault({ sql, turn, keyring }: Scope<'vaults/delete'>, id: string): Promise<boolean> {
  const vault = await vaultNamed(sql, lastIn(id))
  if (vault?.removal !== undefined || vault?.resourceId.toLowerCase() !== id.toLowerCase()) return false
  await refuseLocked(sql, vault.resourceId, 'delete')
  await closeVault({ turn, keyring }, vault)
  return true
}

/** Marks a vault as deleted, for whoever has seen that it may go. */
export async function closeVault({ turn, keyring }: Hands, vault: ManagedVault): Promise<void> {
  const removal = { deleted: turn.at, purge: purgeDate(vault, turn.at) }
  await keepVault(turn, { ...vault, updated: turn.at, removal })
  const model = await permissionModelOf(turn.sql, keyring, vault.resourceId)
  await keepPermissionModel(turn, keyring, vault.resourceId, { ...model, closed: true })
  await pausePurges(turn, vault)
  await pauseKeys({ turn, keyring }, vault)
  await pauseCertificates({ turn, keyring }, vault)
  await pauseRotations(turn, vault)
  await scheduleAt(turn, purgingVaults, vault.name, removal.purge)
}

/** Brings a deleted vault back with all that was in it. One that is live already is the answer. */
export async function recoverVault(
  { sql, turn, keyring, at }: Scope<'vaults/write'>,
  id: string,
): Promise<ModelledVault> {
  await groupNamed(sql, groupIn(id))
  const found = await vaultNamed(sql, lastIn(id))
  if (found?.resourceId.toLowerCase() !== id.toLowerCase()) throw noSuchDeletedVault(lastIn(id))
  const model = await permissionModelOf(sql, keyring, found.resourceId)
  if (found.removal === undefined) return { vault: found, model }
  await refuseLocked(sql, found.resourceId, 'write')
  const vault = { ...found, updated: at, removal: undefined }
  await keepVault(turn, vault)
  const open = { ...model, closed: false }
  await keepPermissionModel(turn, keyring, vault.resourceId, open)
  await unschedule(turn, purgingVaults, vault.name)
  await resumePurges(turn, vault)
  await resumeKeys({ turn, keyring }, vault)
  await resumeCertificates({ turn, keyring }, vault)
  await resumeRotations(turn, vault)
  return { vault, model: open }
}

/** The deleted vault of this name, in this location if one is named. */
async function deletedVault(sql: Sql, name: string, location?: string): Promise<DeletedVault> {
  const vault = await vaultNamed(sql, name)
  if (!deleted(vault) || (location !== undefined && vault.location !== location)) throw noSuchDeletedVault(name)
  return vault
}

export const getDeletedVault = (
  { sql }: Sight<'deleted-vaults/read'>,
  name: string,
  location: string,
): Promise<DeletedVault> => deletedVault(sql, name, location)

/** Deleted vaults by name, as far as the caller may read them. */
export const listDeletedVaults = async ({ sql, permit }: Sight<'deleted-vaults/read'>): Promise<DeletedVault[]> =>
  (await vaultsIn(sql, { deleted: true }))
    .filter(deleted)
    .filter(({ resourceId }) => permit.allows('deleted-vaults/read', resourceId))

/** Takes a deleted vault away for good, with every value and its key. With purge protection only time can. */
export async function purgeVault(
  { sql, turn, keyring, at }: Scope<'deleted-vaults/purge'>,
  name: string,
  location?: string,
): Promise<void> {
  const vault = await deletedVault(sql, name, location)
  if (at < vault.removal.purge) {
    if (vault.purgeProtection) {
      throw new Fault(
        'protected',
        `Operation "purge" is not allowed because purge protection is enabled for the vault '${vault.name}'. It will be purged after its retention period has passed.`,
        { arm: 'OperationNotAllowed' },
      )
    }
    await refuseLocked(sql, vault.resourceId, 'delete')
  }
  await forgetSecrets(turn, vault)
  await forgetKeys({ turn, keyring }, vault)
  await forgetCertificates({ turn, keyring }, vault)
  await forgetRotations(turn, vault)
  await forgetUses(turn, vault)
  await forgetChanges(turn, vault.resourceId)
  await forgetLocks(turn, vault.resourceId)
  await forgetSubscriptions(turn, vault.resourceId)
  await forgetScope(turn, vault.resourceId)
  await unschedule(turn, purgingVaults, vault.name)
  await eraseVault(turn, keyring, vault)
}
