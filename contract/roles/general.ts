import { role } from './definition.ts'

/** Azure's general roles, and those of managed identities: they manage, and give no right to any data. */
const authorization = 'Microsoft.Authorization'
const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities'
const around = [
  `${authorization}/*/read`,
  'Microsoft.Insights/alertRules/*',
  'Microsoft.Resources/subscriptions/resourceGroups/read',
  'Microsoft.Resources/deployments/*',
  'Microsoft.Support/*',
]

export const generalRoles = {
  owner: role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'Manage everything, also who may do what.', {
    actions: ['*'],
  }),
  contributor: role(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Manage everything but who may do what. Gives no right to data: secrets need a data role.',
    {
      actions: ['*'],
      notActions: [
        `${authorization}/*/Delete`,
        `${authorization}/*/Write`,
        `${authorization}/elevateAccess/Action`,
        'Microsoft.Blueprint/blueprintAssignments/write',
        'Microsoft.Blueprint/blueprintAssignments/delete',
        'Microsoft.Compute/galleries/share/action',
        'Microsoft.Purview/consents/write',
        'Microsoft.Purview/consents/delete',
        'Microsoft.Resources/deploymentStacks/manageDenySetting/action',
        'Microsoft.Subscription/cancel/action',
        'Microsoft.Subscription/enable/action',
      ],
    },
  ),
  reader: role('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', 'Look at everything, change nothing, see no data.', {
    actions: ['*/read'],
  }),
  userAccessAdministrator: role(
    '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    'User Access Administrator',
    'Manage who may do what.',
    { actions: ['*/read', `${authorization}/*`, 'Microsoft.Support/*'] },
  ),
  roleBasedAccessControlAdministrator: role(
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Role Based Access Control Administrator',
    'Assign roles and take them away; a condition on the assignment says which, and to whom.',
    {
      actions: [
        `${authorization}/roleAssignments/write`,
        `${authorization}/roleAssignments/delete`,
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  managedIdentityContributor: role(
    'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    'Managed Identity Contributor',
    'Create, read, change and delete user-assigned identities.',
    {
      actions: [
        ...['read', 'write', 'delete'].flatMap((verb) => [`${identities}/${verb}`, `${identities}/*/${verb}`]),
        ...around,
      ],
    },
  ),
  managedIdentityOperator: role(
    'f1a07417-d97a-45cb-824c-7a7467783830',
    'Managed Identity Operator',
    'Read user-assigned identities, and assign them.',
    { actions: [`${identities}/*/read`, `${identities}/*/assign/action`, `${identities}/read`, ...around] },
  ),
}
