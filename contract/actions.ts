/**
 * Everything a caller can be allowed to do, by our short name, with the name that Azure's role definitions give it
 * (`Cardea.*` are ours). A permission, an audit entry and an operation all name one of these.
 */

const vault = 'Microsoft.KeyVault/vaults'
const store = 'Microsoft.AppConfiguration/configurationStores'

/** On data: a role allows these by its `dataActions`. */
const onData = {
  'secrets/get': `${vault}/secrets/getSecret/action`,
  'secrets/set': `${vault}/secrets/setSecret/action`,
  'secrets/update': `${vault}/secrets/update/action`,
  'secrets/list': `${vault}/secrets/readMetadata/action`,
  'secrets/delete': `${vault}/secrets/delete`,
  'secrets/recover': `${vault}/secrets/recover/action`,
  'secrets/purge': `${vault}/secrets/purge/action`,
  'secrets/backup': `${vault}/secrets/backup/action`,
  'secrets/restore': `${vault}/secrets/restore/action`,
  'keys/create': `${vault}/keys/create/action`,
  'keys/import': `${vault}/keys/import/action`,
  'keys/read': `${vault}/keys/read`,
  'keys/update': `${vault}/keys/update/action`,
  'keys/delete': `${vault}/keys/delete`,
  'keys/recover': `${vault}/keys/recover/action`,
  'keys/purge': `${vault}/keys/purge/action`,
  'keys/backup': `${vault}/keys/backup/action`,
  'keys/restore': `${vault}/keys/restore/action`,
  'keys/encrypt': `${vault}/keys/encrypt/action`,
  'keys/decrypt': `${vault}/keys/decrypt/action`,
  'keys/sign': `${vault}/keys/sign/action`,
  'keys/verify': `${vault}/keys/verify/action`,
  'keys/wrap': `${vault}/keys/wrap/action`,
  'keys/unwrap': `${vault}/keys/unwrap/action`,
  'keys/rotate': `${vault}/keys/rotate/action`,
  'key-rotation-policies/read': `${vault}/keyrotationpolicies/read`,
  'key-rotation-policies/write': `${vault}/keyrotationpolicies/write`,
  'certificates/create': `${vault}/certificates/create/action`,
  'certificates/import': `${vault}/certificates/import/action`,
  'certificates/read': `${vault}/certificates/read`,
  'certificates/update': `${vault}/certificates/update/action`,
  'certificates/delete': `${vault}/certificates/delete`,
  'certificates/recover': `${vault}/certificates/recover/action`,
  'certificates/purge': `${vault}/certificates/purge/action`,
  'certificates/backup': `${vault}/certificates/backup/action`,
  'certificates/restore': `${vault}/certificates/restore/action`,
  'certificate-contacts/write': `${vault}/certificatecontacts/write`,
  'certificate-issuers/read': `${vault}/certificatecas/read`,
  'certificate-issuers/write': `${vault}/certificatecas/write`,
  'certificate-issuers/delete': `${vault}/certificatecas/delete`,
  /** What the rotation engine does when a policy says so; no access policy and none of Azure's roles gives it. */
  'certificates/renew': 'Cardea.Certificate/vaults/certificates/renew/action',
  'settings/read': `${store}/keyValues/read`,
  'settings/write': `${store}/keyValues/write`,
  'settings/delete': `${store}/keyValues/delete`,
  'snapshots/read': `${store}/snapshots/read`,
  'snapshots/write': `${store}/snapshots/write`,
  'snapshots/archive': `${store}/snapshots/archive/action`,
  'rotations/read': 'Cardea.Rotation/vaults/secrets/rotation/read',
  'rotations/write': 'Cardea.Rotation/vaults/secrets/rotation/write',
  'rotations/run': 'Cardea.Rotation/vaults/secrets/rotation/run/action',
} as const

/** On the resources that hold data: a role allows these by its `actions`, which give no data rights (promise P9). */
const onManagement = {
  'subscriptions/read': 'Microsoft.Resources/subscriptions/read',
  'providers/read': 'Microsoft.Resources/subscriptions/providers/read',
  'providers/register': 'Microsoft.KeyVault/register/action',
  'groups/read': 'Microsoft.Resources/subscriptions/resourceGroups/read',
  'groups/write': 'Microsoft.Resources/subscriptions/resourceGroups/write',
  'groups/delete': 'Microsoft.Resources/subscriptions/resourceGroups/delete',
  'resources/read': 'Microsoft.Resources/subscriptions/resources/read',
  'vaults/read': `${vault}/read`,
  'vaults/write': `${vault}/write`,
  'vaults/delete': `${vault}/delete`,
  'vault-names/check': 'Microsoft.KeyVault/checkNameAvailability/read',
  'access-policies/write': `${vault}/accessPolicies/write`,
  'deleted-vaults/read': 'Microsoft.KeyVault/deletedVaults/read',
  'deleted-vaults/purge': 'Microsoft.KeyVault/locations/deletedVaults/purge/action',
  'stores/read': `${store}/read`,
  'stores/write': `${store}/write`,
  'stores/delete': `${store}/delete`,
  'stores/list-keys': `${store}/ListKeys/action`,
  'stores/regenerate-key': `${store}/RegenerateKey/action`,
  'store-names/check': 'Microsoft.AppConfiguration/checkNameAvailability/read',
  'deleted-stores/read': 'Microsoft.AppConfiguration/deletedConfigurationStores/read',
  'deleted-stores/purge': 'Microsoft.AppConfiguration/locations/deletedConfigurationStores/purge/action',
  'deny-assignments/read': 'Microsoft.Authorization/denyAssignments/read',
  'permissions/read': 'Microsoft.Authorization/permissions/read',
  'role-definitions/read': 'Microsoft.Authorization/roleDefinitions/read',
  'role-definitions/write': 'Microsoft.Authorization/roleDefinitions/write',
  'role-definitions/delete': 'Microsoft.Authorization/roleDefinitions/delete',
  'roles/read': 'Microsoft.Authorization/roleAssignments/read',
  'roles/assign': 'Microsoft.Authorization/roleAssignments/write',
  'roles/unassign': 'Microsoft.Authorization/roleAssignments/delete',
  'locks/read': 'Microsoft.Authorization/locks/read',
  'locks/write': 'Microsoft.Authorization/locks/write',
  'locks/delete': 'Microsoft.Authorization/locks/delete',
  'identities/read': 'Microsoft.ManagedIdentity/userAssignedIdentities/read',
  'identities/write': 'Microsoft.ManagedIdentity/userAssignedIdentities/write',
  'identities/delete': 'Microsoft.ManagedIdentity/userAssignedIdentities/delete',
  'identity-credentials/read': 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
  'identity-credentials/write': 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
  'identity-credentials/delete': 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete',
  'system-identities/read': 'Microsoft.ManagedIdentity/identities/read',
  'workloads/read': 'Cardea.Workload/workloads/read',
  'workloads/write': 'Cardea.Workload/workloads/write',
  'workloads/delete': 'Cardea.Workload/workloads/delete',
  'diagnostics/read': 'Microsoft.Insights/diagnosticSettings/read',
  'metrics/read': 'Microsoft.Insights/metrics/read',
  'event-subscriptions/read': 'Microsoft.EventGrid/eventSubscriptions/read',
  'event-subscriptions/write': 'Microsoft.EventGrid/eventSubscriptions/write',
  'event-subscriptions/delete': 'Microsoft.EventGrid/eventSubscriptions/delete',
  'event-subscriptions/get-full-url': 'Microsoft.EventGrid/eventSubscriptions/getFullUrl/action',
  'event-subscriptions/get-delivery-attributes': 'Microsoft.EventGrid/eventSubscriptions/getDeliveryAttributes/action',
  'event-subscriptions/read-dead-letters': 'Cardea.Events/eventSubscriptions/readDeadLetters/action',
  'incidents/read': 'Cardea.Incident/incidents/read',
  'incidents/run': 'Cardea.Incident/incidents/run/action',
  'journal/read': 'Cardea.Audit/journal/read',
  'alerts/read': 'Cardea.Audit/alerts/read',
  'alerts/write': 'Cardea.Audit/alerts/write',
} as const

/** On the directory: a role allows these by its `directoryActions`. The names are those of Entra's roles. */
const onDirectory = {
  'directory/read': 'microsoft.directory/standard/read',
  /** A right of the directory, and no role of Resource Manager gives it: else who manages resources could lift themselves. */
  'access/elevate': 'microsoft.directory/accessManagement/elevate',
  'applications/create': 'microsoft.directory/applications/create',
  'applications/update': 'microsoft.directory/applications/basic/update',
  'applications/delete': 'microsoft.directory/applications/delete',
  'applications/credentials': 'microsoft.directory/applications/credentials/update',
  /** With proof of possession: each application has this for itself. */
  'keys/roll': 'microsoft.directory/applications/keys/roll',
  'service-principals/create': 'microsoft.directory/servicePrincipals/create',
  'service-principals/update': 'microsoft.directory/servicePrincipals/basic/update',
  'service-principals/delete': 'microsoft.directory/servicePrincipals/delete',
  'service-principals/credentials': 'microsoft.directory/servicePrincipals/credentials/update',
  'users/create': 'microsoft.directory/users/create',
  'users/update': 'microsoft.directory/users/basic/update',
  'users/password': 'microsoft.directory/users/password/update',
  'users/delete': 'microsoft.directory/users/delete',
  'directory-groups/create': 'microsoft.directory/groups/create',
  'directory-groups/update': 'microsoft.directory/groups/basic/update',
  'directory-groups/members': 'microsoft.directory/groups/members/update',
  'directory-groups/delete': 'microsoft.directory/groups/delete',
} as const

export const actions = { ...onData, ...onManagement, ...onDirectory } as const

export type Action = keyof typeof actions

export const actionNames = Object.keys(actions) as readonly Action[]

/** Which of a role's lists allows an action; rights of one kind never give rights of another. */
export const kindOf = (action: Action): 'data' | 'management' | 'directory' =>
  action in onData ? 'data' : action in onManagement ? 'management' : 'directory'
