import { randomUUID } from 'node:crypto'
import { type Action, actions } from '@cardea/contract/actions'
import { builtInRoles } from '@cardea/contract/roles'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Permit } from '#core/access/access.ts'
import { foundRole } from '#core/access/assignments.ts'
import {
  type AccessPolicy,
  changedPolicies,
  changePermissionModel,
  isSameModel,
  keepPermissionModel,
  type PermissionModel,
  type PolicyChange,
  permissionModelOf,
  policiesMax,
} from '#core/access/permission-model.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { rotationAppId } from '#core/identity/principal.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { groupIn, lastIn, spelledIn } from '#core/vaults/resource-id.ts'
import { changedVault, type ManagedVault, newVault, type VaultDraft, wrongVaultName } from '#core/vaults/vault.ts'
import { foundVault, keepVault, liveVault, newSealingKey, vaultNamed, vaultsIn } from '#core/vaults/vaults.ts'
import { groupNamed } from './groups.ts'

/** A vault with the model by which rights are given on its data. */
export type ModelledVault = { readonly vault: ManagedVault; readonly model: PermissionModel }
export type ModelDraft = {
  /** For a new vault, where `roles` doesn't say. */
  readonly rolesByDefault?: boolean
  readonly roles?: boolean | undefined
  readonly policies?: readonly AccessPolicy[] | undefined
}

const modelled = async (sql: Sql, keyring: Keyring, vault: ManagedVault): Promise<ModelledVault> => ({
  vault,
  model: await permissionModelOf(sql, keyring, vault.resourceId),
})

const noSuchVault = (id: string): Fault =>
  new Fault(
    'not-found',
    `The Resource 'Microsoft.KeyVault/vaults/${lastIn(id)}' under resource group '${groupIn(id)}' was not found.`,
    { arm: 'ResourceNotFound' },
  )

/** The live vault with this resource id: one of the same name in another group is not it. */
export async function vaultAt(sql: Sql, id: string): Promise<ManagedVault> {
  const vault = await liveVault(sql, lastIn(id))
  if (vault?.resourceId.toLowerCase() !== id.toLowerCase()) throw noSuchVault(id)
  return vault as ManagedVault
}

/** The live vault with this resource id, and by what rights are given on its data. */
export const getVault = async ({ sql, keyring }: Sight<'vaults/read'>, id: string): Promise<ModelledVault> =>
  modelled(sql, keyring, await vaultAt(sql, id))

/** The vaults of a group, or all, as far as the caller may read them. */
export async function listVaults(
  { sql, keyring, permit }: Sight<'vaults/read'>,
  group?: string,
): Promise<ModelledVault[]> {
  if (group !== undefined) await groupNamed(sql, group)
  const vaults = (await vaultsIn(sql, { group, deleted: false })).filter(({ resourceId }) =>
    permit.allows('vaults/read', resourceId),
  )
  return Promise.all(vaults.map((vault) => modelled(sql, keyring, vault)))
}

/** Why a name can't be given to a vault now, if it can't. */
export async function vaultNameTaken(
  { sql }: { readonly sql: Sql },
  name: string,
): Promise<{ readonly reason: 'AccountNameInvalid' | 'AlreadyExists'; readonly message: string } | undefined> {
  const wrong = wrongVaultName(name)
  if (wrong !== undefined) return { reason: 'AccountNameInvalid', message: wrong }
  const found = await vaultNamed(sql, name)
  return found && { reason: 'AlreadyExists', message: takenWords(found) }
}

const takenWords = ({ name, removal }: ManagedVault): string =>
  removal === undefined
    ? `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken.`
    : `A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault '${name}'.`

/** Makes a vault, or changes the one that is there. Answers with whether it is new. */
export async function putVault(
  scope: Scope<'vaults/write'>,
  asked: string,
  draft: VaultDraft,
  wanted: ModelDraft,
): Promise<ModelledVault & { readonly fresh: boolean }> {
  const { sql } = scope
  const id = spelledIn(asked, (await groupNamed(sql, groupIn(asked))).name)
  const found = await vaultNamed(sql, lastIn(id))
  if (found?.removal === undefined && found?.resourceId.toLowerCase() === id.toLowerCase()) {
    // A PUT says the whole: tags that it doesn't name are gone.
    return { ...(await change(scope, found, { ...draft, tags: draft.tags ?? {} }, wanted)), fresh: false }
  }
  await refuseLocked(sql, id, 'write')
  const wrong = wrongVaultName(lastIn(id))
  if (wrong !== undefined) throw new Fault('invalid', wrong, { arm: 'VaultNameNotValid' })
  if (found !== undefined) {
    throw new Fault('conflict', takenWords(found), {
      arm: found.removal === undefined ? 'VaultAlreadyExists' : 'ConflictError',
    })
  }
  return { ...(await create(scope, id, draft, wanted)), fresh: true }
}

async function create(
  { sql, turn, keyring, at }: Scope<'vaults/write'>,
  id: string,
  draft: VaultDraft,
  { rolesByDefault = true, roles = rolesByDefault, policies = [] }: ModelDraft,
): Promise<ModelledVault> {
  const name = lastIn(id).toLowerCase()
  const vault = newVault(id, newSealingKey('vault', name), draft, at)
  await foundVault(turn, keyring, vault)
  await keepPermissionModel(turn, keyring, id, { kind: roles ? 'roles' : 'policies', closed: false, policies })
  // The engine rotates what is bound in a vault under an assignment that its owner sees, and may take away.
  const engine = await principalByApp(sql, keyring, rotationAppId)
  if (engine !== undefined) {
    const role = builtInRoles.cardeaSecretRotator.id
    await foundRole(turn, keyring, { id: randomUUID(), principal: engine.objectId, role, scope: id })
  }
  return modelled(sql, keyring, vault)
}

/** Changes what is named of a vault. */
export const patchVault = async (
  scope: Scope<'vaults/write'>,
  id: string,
  draft: VaultDraft,
  wanted: ModelDraft,
): Promise<ModelledVault> => change(scope, await vaultAt(scope.sql, id), draft, wanted)

async function change(
  scope: Scope<'vaults/write'>,
  before: ManagedVault,
  draft: VaultDraft,
  wanted: ModelDraft,
): Promise<ModelledVault> {
  const { sql, turn, keyring, at, permit } = scope
  await refuseLocked(sql, before.resourceId, 'write')
  const vault = changedVault(before, draft, at)
  await keepVault(turn, vault)
  const model = await permissionModelOf(sql, keyring, vault.resourceId)
  const kind = wanted.roles === undefined ? model.kind : wanted.roles ? 'roles' : 'policies'
  const next: PermissionModel = { ...model, kind, policies: wanted.policies ?? model.policies }
  if (!isSameModel(model, next)) demandAssigner(permit, vault)
  await changePermissionModel(scope, vault.resourceId, model, next)
  return { vault, model: next }
}

/** Changes single entries of a vault's access policies. Answers with all of them. */
export async function changeAccessPolicies(
  scope: Scope<'access-policies/write'>,
  id: string,
  kind: PolicyChange,
  given: readonly AccessPolicy[],
): Promise<readonly AccessPolicy[]> {
  const { sql, keyring, permit } = scope
  const vault = await vaultAt(sql, id)
  await refuseLocked(sql, vault.resourceId, 'write')
  demandAssigner(permit, vault)
  const model = await permissionModelOf(sql, keyring, vault.resourceId)
  const policies = changedPolicies(model.policies, kind, given)
  if (policies.length > policiesMax) {
    throw new Fault('invalid', `A vault has at most ${policiesMax} access policies.`, { arm: 'BadRequest' })
  }
  await changePermissionModel(scope, vault.resourceId, model, { ...model, policies })
  return policies
}

/** Who manages a vault has no right on its data (P9), so giving somebody one takes the right to assign roles there. */
function demandAssigner(permit: Permit<'vaults/write' | 'access-policies/write'>, { resourceId }: ManagedVault): void {
  const action: Action = 'roles/assign'
  if (permit.allows(action, resourceId)) return
  throw new Fault(
    'forbidden',
    `To change who may use the data of a vault you need the right to perform '${actions[action]}' on it: the permission model and access policies decide that.`,
  )
}
