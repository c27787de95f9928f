/**
 * Everything a caller can be allowed to do, by our short name, with the data action that Azure's role definitions
 * name it by (Key Vault and App Configuration data planes; `Cardea.*` are ours). A permission, an audit entry and an
 * operation all name one of these.
 */
export const actions = {
  'secrets/get': 'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  'secrets/set': 'Microsoft.KeyVault/vaults/secrets/setSecret/action',
  'secrets/update': 'Microsoft.KeyVault/vaults/secrets/update/action',
  'secrets/list': 'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
  'secrets/delete': 'Microsoft.KeyVault/vaults/secrets/delete',
  'secrets/recover': 'Microsoft.KeyVault/vaults/secrets/recover/action',
  'secrets/purge': 'Microsoft.KeyVault/vaults/secrets/purge/action',
  'settings/read': 'Microsoft.AppConfiguration/configurationStores/keyValues/read',
  'settings/write': 'Microsoft.AppConfiguration/configurationStores/keyValues/write',
  'settings/delete': 'Microsoft.AppConfiguration/configurationStores/keyValues/delete',
  'rotations/read': 'Cardea.Rotation/vaults/secrets/rotation/read',
  'rotations/write': 'Cardea.Rotation/vaults/secrets/rotation/write',
  'rotations/run': 'Cardea.Rotation/vaults/secrets/rotation/run/action',
  'roles/assign': 'Microsoft.Authorization/roleAssignments/write',
  'roles/unassign': 'Microsoft.Authorization/roleAssignments/delete',
} as const

/** Management rights give no data rights (promise P9): these are granted by a role's `actions`, never by `dataActions`. */
export const managementActions: ReadonlySet<Action> = new Set<Action>(['roles/assign', 'roles/unassign'])

export type Action = keyof typeof actions

export const actionNames = Object.keys(actions) as readonly Action[]
