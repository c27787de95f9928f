/**
 * The built-in roles, with the ids and data actions that Azure gives them, so that scripts which name a role by its
 * id or its name work unchanged. Source: Azure built-in roles (General, Key Vault, App Configuration). The three last are ours.
 */
export type RoleDefinition = {
  readonly id: string
  readonly name: string
  readonly description: string
  /** What it may manage, and what of that it may not. */
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  /** What it may do with the data; management rights give none. */
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
  /** What it may do in the directory (Entra's roles); neither of the others gives any. */
  readonly directoryActions: readonly string[]
}

const role = (
  id: string,
  name: string,
  description: string,
  dataActions: readonly string[],
  actions: readonly string[] = [],
  rest: Partial<Pick<RoleDefinition, 'notActions' | 'notDataActions' | 'directoryActions'>> = {},
): RoleDefinition => ({
  ...{ id, name, description, actions, notActions: [], dataActions, notDataActions: [], directoryActions: [] },
  ...rest,
})

const vaults = 'Microsoft.KeyVault/vaults'
const stores = 'Microsoft.AppConfiguration/configurationStores'

export const builtInRoles = {
  owner: role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Manage everything, also who may do what.', [], ['*']),
  contributor: role(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Manage everything but who may do what.',
    [],
    ['*'],
    { notActions: ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write'] },
  ),
  globalAdministrator: role(
    '62e90394-69f5-4237-9190-012177145e10',
    'Global Administrator',
    'Manage everything in the directory.',
    [],
    [],
    { directoryActions: ['*'] },
  ),
  keyVaultAdministrator: role(
    '00482a5a-887f-4fb3-b363-3b7fe8e74483',
    'Key Vault Administrator',
    'Do everything with the objects of a vault.',
    [`${vaults}/*`],
  ),
  keyVaultReader: role(
    '21090545-7ca7-4776-b22c-e363652d74d2',
    'Key Vault Reader',
    'Read metadata of a vault and its objects, never values.',
    [`${vaults}/*/read`, `${vaults}/secrets/readMetadata/action`],
  ),
  keyVaultSecretsUser: role('4633458b-17de-408a-b874-0445c86b69e6', 'Key Vault Secrets User', 'Read secret values.', [
    `${vaults}/secrets/getSecret/action`,
    `${vaults}/secrets/readMetadata/action`,
  ]),
  keyVaultSecretsOfficer: role(
    'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
    'Key Vault Secrets Officer',
    'Do everything with secrets, but not manage permissions.',
    [`${vaults}/secrets/*`],
  ),
  appConfigurationDataOwner: role(
    '5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b',
    'App Configuration Data Owner',
    'Read and write the settings of a store.',
    [`${stores}/*/read`, `${stores}/*/write`, `${stores}/*/delete`, `${stores}/*/action`],
  ),
  appConfigurationDataReader: role(
    '516239f1-63e1-4d78-a4de-a74fb236a071',
    'App Configuration Data Reader',
    'Read the settings of a store.',
    [`${stores}/*/read`],
  ),
  cardeaRotationOperator: role(
    'c3b4dea0-0000-4000-8000-000000000001',
    'Cardea Rotation Operator',
    'Bind a secret to the system that accepts it, and rotate it.',
    ['Cardea.Rotation/vaults/*'],
  ),
  cardeaSecretRotator: role(
    'c3b4dea0-0000-4000-8000-000000000002',
    'Cardea Secret Rotator',
    'What the rotation engine itself needs: read and set the secrets that it rotates.',
    [
      `${vaults}/secrets/getSecret/action`,
      `${vaults}/secrets/setSecret/action`,
      `${vaults}/secrets/readMetadata/action`,
    ],
  ),
  cardeaSecretReaper: role(
    'c3b4dea0-0000-4000-8000-000000000003',
    'Cardea Secret Reaper',
    'What the reaper itself needs: purge deleted secrets at the end of their retention.',
    [`${vaults}/secrets/purge/action`],
  ),
} as const satisfies Record<string, RoleDefinition>

/** All of them, as a list. */
export const builtInRoleList: readonly RoleDefinition[] = Object.values(builtInRoles)
