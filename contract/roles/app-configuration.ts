import { role } from './definition.ts'

/** App Configuration's roles, with Azure's ids, names and lists. */
const stores = 'Microsoft.AppConfiguration/configurationStores'

export const appConfigurationRoles = {
  appConfigurationDataOwner: role(
    '5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b',
    'App Configuration Data Owner',
    'Read and write the settings of a store.',
    {
      dataActions: [`${stores}/*/read`, `${stores}/*/write`, `${stores}/*/delete`, `${stores}/*/action`],
      notDataActions: [`${stores}/useSasAuth/action`],
    },
  ),
  appConfigurationDataReader: role(
    '516239f1-63e1-4d78-a4de-a74fb236a071',
    'App Configuration Data Reader',
    'Read the settings of a store.',
    { dataActions: [`${stores}/*/read`] },
  ),
  appConfigurationContributor: role(
    'fe86443c-f201-4fc4-9d2a-ac61149fbda0',
    'App Configuration Contributor',
    'Manage stores, but neither purge them nor see their settings.',
    {
      actions: [
        'Microsoft.AppConfiguration/*',
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
      ],
      notActions: ['Microsoft.AppConfiguration/locations/deletedConfigurationStores/purge/action'],
    },
  ),
  appConfigurationReader: role(
    '175b81b9-6e0d-490a-85e4-0d422273c10c',
    'App Configuration Reader',
    'Look at stores, but not at their settings.',
    {
      actions: [
        'Microsoft.AppConfiguration/*/read',
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/read',
        'Microsoft.Resources/deployments/read',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
      ],
    },
  ),
}
