import { role } from './definition.ts'

/** Key Vault's roles, with Azure's ids, names and lists (*Azure built-in roles for Security*). */
const vaults = 'Microsoft.KeyVault/vaults'
const common = [
  'Microsoft.Authorization/*/read',
  'Microsoft.Insights/alertRules/*',
  'Microsoft.Resources/deployments/*',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
  'Microsoft.Support/*',
  'Microsoft.KeyVault/checkNameAvailability/read',
  'Microsoft.KeyVault/deletedVaults/read',
  'Microsoft.KeyVault/locations/*/read',
  `${vaults}/*/read`,
  'Microsoft.KeyVault/operations/read',
]
const onKeys = (...words: string[]): string[] => words.map((word) => `${vaults}/keys/${word}`)

const ids = {
  administrator: '00482a5a-887f-4fb3-b363-3b7fe8e74483',
  reader: '21090545-7ca7-4776-b22c-e363652d74d2',
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  cryptoUser: '12338af0-0e69-4776-bea7-57ae8d297424',
  cryptoOfficer: '14b46e9e-c2b7-41b4-b07b-48a6ebf60603',
  cryptoServiceEncryptionUser: 'e147488a-f6f5-4113-8e2d-b22465e65bf6',
  cryptoServiceReleaseUser: '08bbd89e-9f13-488c-ac41-acfcb10c90ab',
  certificateUser: 'db79e9a7-68ee-4b58-9aeb-b90e7c24fcba',
  certificatesOfficer: 'a4417e6f-fecd-4de8-b567-7b0420556985',
  dataAccessAdministrator: '8b54135c-b56d-4d72-a534-26097cfdc8d8',
  contributor: 'f25e0fa2-a7c8-4377-a976-54943a77a395',
  purgeOperator: 'a68e7c17-0ab2-4c09-9a58-125dae29748c',
} as const

/** The roles that a Data Access Administrator may hand out and take back. */
const handedOut = [
  ids.administrator,
  ids.certificatesOfficer,
  ids.cryptoOfficer,
  ids.cryptoServiceEncryptionUser,
  ids.cryptoUser,
  ids.reader,
  ids.secretsOfficer,
  ids.secretsUser,
].join(', ')
const onlyThose = (verb: 'write' | 'delete', source: '@Request' | '@Resource'): string =>
  `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})) OR ` +
  `(${source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${handedOut}}))`

export const keyVaultRoles = {
  keyVaultAdministrator: role(
    ids.administrator,
    'Key Vault Administrator',
    'Do everything with the objects of a vault.',
    { actions: common, dataActions: [`${vaults}/*`] },
  ),
  keyVaultReader: role(ids.reader, 'Key Vault Reader', 'Read metadata of a vault and its objects, never values.', {
    actions: common,
    dataActions: [`${vaults}/*/read`, `${vaults}/secrets/readMetadata/action`],
  }),
  keyVaultSecretsUser: role(ids.secretsUser, 'Key Vault Secrets User', 'Read secret values.', {
    dataActions: [`${vaults}/secrets/getSecret/action`, `${vaults}/secrets/readMetadata/action`],
  }),
  keyVaultSecretsOfficer: role(
    ids.secretsOfficer,
    'Key Vault Secrets Officer',
    'Do everything with secrets, but not manage permissions.',
    { actions: common, dataActions: [`${vaults}/secrets/*`] },
  ),
  keyVaultCryptoUser: role(ids.cryptoUser, 'Key Vault Crypto User', 'Use keys.', {
    dataActions: onKeys(
      'read',
      ...['update', 'backup', 'encrypt', 'decrypt', 'wrap', 'unwrap', 'sign', 'verify'].map((word) => `${word}/action`),
    ),
  }),
  keyVaultCryptoOfficer: role(
    ids.cryptoOfficer,
    'Key Vault Crypto Officer',
    'Do everything with keys, but not manage permissions.',
    { actions: common, dataActions: [...onKeys('*'), `${vaults}/keyrotationpolicies/*`] },
  ),
  keyVaultCryptoServiceEncryptionUser: role(
    ids.cryptoServiceEncryptionUser,
    'Key Vault Crypto Service Encryption User',
    'Read keys, and wrap and unwrap with them.',
    {
      actions: ['write', 'read', 'delete'].map((verb) => `Microsoft.EventGrid/eventSubscriptions/${verb}`),
      dataActions: onKeys('read', 'wrap/action', 'unwrap/action'),
    },
  ),
  keyVaultCryptoServiceReleaseUser: role(
    ids.cryptoServiceReleaseUser,
    'Key Vault Crypto Service Release User',
    'Release keys.',
    { dataActions: onKeys('release/action') },
  ),
  keyVaultCertificateUser: role(
    ids.certificateUser,
    'Key Vault Certificate User',
    'Read certificates with their private part.',
    {
      dataActions: [
        `${vaults}/certificates/read`,
        `${vaults}/secrets/getSecret/action`,
        `${vaults}/secrets/readMetadata/action`,
        `${vaults}/keys/read`,
      ],
    },
  ),
  keyVaultCertificatesOfficer: role(
    ids.certificatesOfficer,
    'Key Vault Certificates Officer',
    'Do everything with certificates, but not manage permissions.',
    {
      actions: common,
      dataActions: [`${vaults}/certificatecas/*`, `${vaults}/certificates/*`, `${vaults}/certificatecontacts/write`],
    },
  ),
  keyVaultDataAccessAdministrator: role(
    ids.dataAccessAdministrator,
    'Key Vault Data Access Administrator',
    'Assign the data roles of vaults, and take them away; no other role.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        'Microsoft.Authorization/*/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Resources/subscriptions/read',
        'Microsoft.Management/managementGroups/read',
        'Microsoft.Support/*',
        `${vaults}/*/read`,
      ],
      condition: `${onlyThose('write', '@Request')} AND ${onlyThose('delete', '@Resource')}`,
    },
  ),
  keyVaultContributor: role(
    ids.contributor,
    'Key Vault Contributor',
    'Manage vaults, but neither their data nor who may do what.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.KeyVault/*',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      notActions: [
        'Microsoft.KeyVault/locations/deletedVaults/purge/action',
        'Microsoft.KeyVault/hsmPools/*',
        'Microsoft.KeyVault/managedHsms/*',
      ],
    },
  ),
  keyVaultPurgeOperator: role(ids.purgeOperator, 'Key Vault Purge Operator', 'Purge deleted vaults.', {
    actions: [
      'Microsoft.KeyVault/locations/*/read',
      `${vaults}/*/read`,
      'Microsoft.KeyVault/locations/deletedVaults/purge/action',
      'Microsoft.KeyVault/deletedVaults/read',
      'Microsoft.KeyVault/operations/read',
    ],
  }),
}
