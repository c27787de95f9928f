import { randomUUID } from 'node:crypto'
import { builtInRoles } from '@cardea/contract/roles'
import type { Database, Turn } from '#base/database.ts'
import { SealBroken } from '#base/seal.ts'
import { addAccessKey } from '#core/access/access-keys.ts'
import { foundRole } from '#core/access/assignments.ts'
import { foundAccessKeys, newAccessKey } from '#core/access/keys-of-store.ts'
import { checkpointEveryMs, checkpointing } from '#core/audit/checkpoint.ts'
import { proveIdentities } from '#core/directory/managed-identities.ts'
import { proveApplications } from '#core/identity/applications.ts'
import { addPassword, directoryKey, randomPassword, register } from '#core/identity/directory.ts'
import { proveEntries } from '#core/identity/entries.ts'
import { machineAppId, type Principal, reaperAppId, rotationAppId } from '#core/identity/principal.ts'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { foundSigningKey, type KeyPair } from '#core/identity/tokens.ts'
import { foundGroup, firstLocation as location } from '#core/resources/groups.ts'
import { scheduleAt } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { groupId, storeIdIn, vaultIdIn } from '#core/vaults/resource-id.ts'
import { newStore } from '#core/vaults/store.ts'
import { newVault } from '#core/vaults/vault.ts'
import { foundStore, foundVault, newSealingKey } from '#core/vaults/vaults.ts'
import { addInstallation, type Installation, installationIn, renewRootCheck } from './installation-rows.ts'

export type { Installation } from './installation-rows.ts'

/**
 * What the developer of a new installation proves itself with. Thought of before the founding, so that it can be kept
 * where the developer finds it before the database knows it: a crash between the two loses nothing.
 */
export type DeveloperKeys = {
  readonly tenant: string
  readonly appId: string
  readonly password: string
  readonly accessKey: { readonly id: string; readonly secret: string }
}

/** Keys for the developer of an installation that is about to be founded. */
export const newDeveloperKeys = (): DeveloperKeys => ({
  tenant: randomUUID(),
  appId: randomUUID(),
  password: randomPassword(),
  accessKey: newAccessKey(),
})

/**
 * What an installation keeps, sealed by its root key: a later start can tell whether it was given the same, and that its
 * principals and applications bear proofs. A row without one isn't of old then, however the database was made to look.
 */
const provenCheck = 'cardea: principals and applications bear proofs'
const placeOfCheck = 'installation'
const newRootCheck = (keyring: Keyring): Buffer => keyring.sealByRoot(provenCheck, placeOfCheck)

/** What a root check says; undefined when another root key sealed it. */
function saidBy(keyring: Keyring, rootCheck: Uint8Array): string | undefined {
  try {
    return keyring.unsealByRoot(rootCheck, placeOfCheck)
  } catch (error) {
    if (error instanceof SealBroken) return undefined
    throw error
  }
}

/** The installation in this database, if there is one. Throws when it was founded under another root key or domain. */
export async function existingInstallation<E>(
  database: Database<E>,
  keyring: Keyring,
  domain: string,
): Promise<Installation | undefined> {
  const found = await installationIn(database.read)
  if (found === undefined) return undefined
  const said = saidBy(keyring, found.rootCheck)
  if (said === undefined) {
    throw new Error(
      'This database was sealed with another root key. Give CARDEA_ROOT_KEY_FILE the key that it was founded with.',
    )
  }
  if (found.domain !== domain) {
    throw new Error(
      `This installation was founded for the domain ${found.domain}. Start it with --domain ${found.domain}.`,
    )
  }
  if (said !== provenCheck) await database.write((turn) => proveRows(turn, keyring))
  return found
}

/**
 * Gives the rows of an installation that is older than their proofs what they bear from then on, once: in the same turn the
 * root check comes to say so, which nobody can take back who hasn't the root key.
 */
async function proveRows(turn: Turn, keyring: Keyring): Promise<void> {
  const found = await installationIn(turn.sql)
  // Another node may have been faster.
  if (found === undefined || saidBy(keyring, found.rootCheck) === provenCheck) return
  await proveEntries(turn, keyring)
  await proveApplications(turn, keyring)
  await proveIdentities(turn, keyring)
  await renewRootCheck(turn.sql, newRootCheck(keyring))
  turn.changeAccess()
}

/**
 * Founds an installation: one tenant, one subscription, a vault and a store called `demo`, a developer who may do
 * everything with their data and who administers, the principals of the workers, and this machine's identity.
 */
export async function foundInstallation(
  turn: Turn,
  keyring: Keyring,
  domain: string,
  pair: KeyPair,
  keys: DeveloperKeys,
): Promise<Installation> {
  const installation = { tenant: keys.tenant, subscription: randomUUID(), domain }
  await addInstallation(turn.sql, installation, newRootCheck(keyring), turn.at)
  await keyring.create(turn, directoryKey)
  const group = groupId(installation.subscription, 'demo')
  await foundGroup(turn, { name: 'demo', location })
  const vault = newVault(vaultIdIn(group, 'demo'), newSealingKey('vault', 'demo'), { location }, turn.at)
  const store = newStore(
    storeIdIn(group, 'demo'),
    newSealingKey('store', 'demo'),
    { location, sku: 'standard' },
    turn.at,
  )

  const assign = (principal: Principal, role: { readonly id: string }, scope: string) =>
    foundRole(turn, keyring, { id: randomUUID(), principal: principal.objectId, role: role.id, scope })
  const principals = await foundPrincipals(turn, keyring, keys.appId)
  const subscription = `/subscriptions/${installation.subscription}`
  await assign(principals.developer, builtInRoles.owner, subscription)
  await assign(principals.developer, builtInRoles.keyVaultAdministrator, subscription)
  await assign(principals.developer, builtInRoles.appConfigurationDataOwner, subscription)
  await assign(principals.developer, builtInRoles.cardeaRotationOperator, subscription)
  await assign(principals.developer, builtInRoles.globalAdministrator, '/')
  // Rights in the directory are assigned at the root, and so is this one, which lets a first administrator do so.
  await assign(principals.developer, builtInRoles.userAccessAdministrator, '/')
  await assign(principals.rotation, builtInRoles.cardeaSecretRotator, vault.resourceId)
  await assign(principals.reaper, builtInRoles.cardeaSecretReaper, subscription)
  await assign(principals.machine, builtInRoles.keyVaultSecretsUser, vault.resourceId)
  await assign(principals.machine, builtInRoles.appConfigurationDataReader, store.resourceId)

  // `az` listens on a free port of the person's own machine.
  await allowSignIn(turn, keyring, principals.azureCli.objectId, { open: true, redirects: ['http://localhost'] })
  const ends = turn.at + 100 * 365 * 86_400_000
  await addPassword(turn, keyring, principals.developer, keys.password, { name: 'founding', ends })
  await foundVault(turn, keyring, vault)
  await foundStore(turn, keyring, store)
  await addAccessKey(turn, keyring, store, { ...keys.accessKey, name: 'Primary', readOnly: false })
  await foundAccessKeys(turn, keyring, store)
  await foundSigningKey(turn, keyring, pair)
  await scheduleAt(turn, checkpointing, 'journal', turn.at + checkpointEveryMs)
  return installation
}

async function foundPrincipals(turn: Turn, keyring: Keyring, developerAppId: string) {
  const developer = await register(turn, keyring, { name: 'developer', kind: 'application', appId: developerAppId })
  const rotation = await register(turn, keyring, {
    name: 'rotation engine',
    kind: 'managed-identity',
    appId: rotationAppId,
  })
  const machine = await register(turn, keyring, { name: 'this machine', kind: 'managed-identity', appId: machineAppId })
  const reaper = await register(turn, keyring, { name: 'reaper', kind: 'managed-identity', appId: reaperAppId })
  const azureCli = await register(turn, keyring, { name: 'Azure CLI', kind: 'application', appId: azureCliAppId })
  return { developer, rotation, machine, reaper, azureCli }
}
