import { Fault } from '#base/fault.ts'
import { permissionModelOf } from '#core/access/permission-model.ts'
import { forgetCertificates, pauseCertificates, resumeCertificates } from '#core/certificates/pause.ts'
import { forgetUses } from '#core/consumers/consumers.ts'
import { forgetKeys, pauseKeys, resumeKeys } from '#core/keys/pause.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { forgetRotations, pauseRotations, resumeRotations } from '#core/rotation/pause.ts'
import { forgetSecrets, pausePurges, resumePurges } from '#core/secrets/pause.ts'
import type { ManagedVault } from '#core/vaults/vault.ts'
import { eraseVault, keepVault, vaultNamed, vaultsIn } from '#core/vaults/vaults.ts'
import { type Deleted, type Hands, lifeOf } from './life.ts'
import type { ModelledVault } from './vaults.ts'

/** The kind under which a deleted vault waits for its purge. */
export const purgingVaults = 'purge-vault'

export type DeletedVault = Deleted<ManagedVault>

const life = lifeOf<ManagedVault>({
  purging: purgingVaults,
  named: vaultNamed,
  deletedOnes: (sql) => vaultsIn(sql, { deleted: true }),
  keep: keepVault,
  erase: eraseVault,
  async pause(hands, vault) {
    await pausePurges(hands.turn, vault)
    await pauseKeys(hands, vault)
    await pauseCertificates(hands, vault)
    await pauseRotations(hands.turn, vault)
  },
  async resume(hands, vault) {
    await resumePurges(hands.turn, vault)
    await resumeKeys(hands, vault)
    await resumeCertificates(hands, vault)
    await resumeRotations(hands.turn, vault)
  },
  async forget(hands, vault) {
    await forgetSecrets(hands.turn, vault)
    await forgetKeys(hands, vault)
    await forgetCertificates(hands, vault)
    await forgetRotations(hands.turn, vault)
    await forgetUses(hands.turn, vault)
  },
  noSuchDeleted: (name) =>
    new Fault('not-found', `The specified deleted vault '${name}' does not exist.`, { arm: 'DeletedVaultNotFound' }),
  isProtected: (name) =>
    `Operation "purge" is not allowed because purge protection is enabled for the vault '${name}'. It will be purged after its retention period has passed.`,
})

/** Deletes a vault with all that is in it; until its purge it can be recovered just as it was. */
export const deleteVault = (scope: Scope<'vaults/delete'>, id: string): Promise<boolean> => life.remove(scope, id)

/** Marks a vault as deleted, for whoever has seen that it may go. */
export const closeVault = (hands: Hands, vault: ManagedVault): Promise<void> => life.close(hands, vault)

/** Brings a deleted vault back with all that was in it. One that is live already is the answer. */
export async function recoverVault(scope: Scope<'vaults/write'>, id: string): Promise<ModelledVault> {
  const vault = await life.recover(scope, id)
  return { vault, model: await permissionModelOf(scope.sql, scope.keyring, vault.resourceId) }
}

/** A deleted vault, in the location where it was. */
export const getDeletedVault = (
  { sql }: Sight<'deleted-vaults/read'>,
  name: string,
  location: string,
): Promise<DeletedVault> => life.deletedNamed(sql, name, location)

/** Deleted vaults by name, as far as the caller may read them. */
export const listDeletedVaults = ({ sql, permit }: Sight<'deleted-vaults/read'>): Promise<DeletedVault[]> =>
  life.listDeleted(sql, (resourceId) => permit.allows('deleted-vaults/read', resourceId))

/** Takes a deleted vault away for good, with every value and its keys. With purge protection only time can. */
export const purgeVault = (scope: Scope<'deleted-vaults/purge'>, name: string, location?: string): Promise<void> =>
  life.purge(scope, name, location)
