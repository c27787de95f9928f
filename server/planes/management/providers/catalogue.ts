import { type Action, actionNames, actions, kindOf } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'

/** What kinds of resources there are, and the api-versions that clients in use ask for them with, newest first. */
type Kind = { readonly resourceType: string; readonly apiVersions: readonly string[]; readonly placed?: true }

const vaultVersions = ['2026-02-01', '2024-11-01', '2023-07-01', '2023-02-01', '2022-07-01', '2021-10-01']
const storeVersions = ['2024-05-01', '2023-03-01', '2022-05-01']
const identityVersions = ['2023-01-31', '2022-01-31-preview']
const groupVersions = ['2024-11-01', '2021-04-01']

export const catalogue: Readonly<Record<string, readonly Kind[]>> = {
  'Microsoft.KeyVault': [
    { resourceType: 'vaults', apiVersions: vaultVersions, placed: true },
    { resourceType: 'vaults/secrets', apiVersions: vaultVersions },
    { resourceType: 'deletedVaults', apiVersions: vaultVersions },
    { resourceType: 'locations', apiVersions: vaultVersions },
    { resourceType: 'locations/deletedVaults', apiVersions: vaultVersions },
    { resourceType: 'checkNameAvailability', apiVersions: vaultVersions },
  ],
  'Microsoft.AppConfiguration': [
    { resourceType: 'configurationStores', apiVersions: storeVersions, placed: true },
    { resourceType: 'deletedConfigurationStores', apiVersions: storeVersions },
    { resourceType: 'locations', apiVersions: storeVersions },
    { resourceType: 'locations/deletedConfigurationStores', apiVersions: storeVersions },
    { resourceType: 'checkNameAvailability', apiVersions: storeVersions },
  ],
  'Microsoft.ManagedIdentity': [
    { resourceType: 'userAssignedIdentities', apiVersions: identityVersions, placed: true },
    { resourceType: 'userAssignedIdentities/federatedIdentityCredentials', apiVersions: identityVersions },
    { resourceType: 'identities', apiVersions: identityVersions },
  ],
  'Cardea.Workload': [{ resourceType: 'workloads', apiVersions: ['2026-11-01'], placed: true }],
  'Microsoft.Authorization': [
    { resourceType: 'roleAssignments', apiVersions: ['2022-04-01'] },
    { resourceType: 'roleDefinitions', apiVersions: ['2022-04-01'] },
    { resourceType: 'locks', apiVersions: ['2016-09-01'] },
  ],
  'Microsoft.Resources': [
    { resourceType: 'subscriptions', apiVersions: ['2022-12-01'] },
    { resourceType: 'resourceGroups', apiVersions: groupVersions, placed: true },
    { resourceType: 'resources', apiVersions: groupVersions },
  ],
  'Microsoft.EventGrid': [
    { resourceType: 'eventSubscriptions', apiVersions: ['2025-02-15', '2022-06-15', '2022-06-01', '2020-06-01'] },
  ],
  'Microsoft.Insights': [{ resourceType: 'diagnosticSettings', apiVersions: ['2021-05-01-preview'] }],
}

const named = (namespace: string): string | undefined =>
  Object.keys(catalogue).find((name) => name.toLowerCase() === namespace.toLowerCase())

/** A resource provider, as Resource Manager shows it; undefined for one that isn't here. */
export function providerOf(namespace: string, subscription: string): object | undefined {
  const name = named(namespace)
  if (name === undefined) return undefined
  return {
    id: `/subscriptions/${subscription}/providers/${name}`,
    namespace: name,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
    resourceTypes: (catalogue[name] ?? []).map(({ resourceType, apiVersions, placed }) => ({
      resourceType,
      apiVersions,
      defaultApiVersion: apiVersions[0],
      locations: placed ? ['local'] : [],
      capabilities: placed ? 'SupportsTags, SupportsLocation' : 'None',
    })),
  }
}

/** A resource provider that is here. Throws `not-found` for another. */
export function providerNamed(namespace: string, subscription: string): object {
  const provider = providerOf(namespace, subscription)
  if (provider !== undefined) return provider
  throw noProvider(namespace)
}

const noProvider = (namespace: string): Fault =>
  new Fault('not-found', `The resource namespace '${namespace.slice(0, 128)}' is invalid.`, {
    arm: 'InvalidResourceNamespace',
  })

/** What can be done with the resources of a provider: the actions of the treaty that bear its name. */
export function operationsOf(namespace: string): object[] {
  const name = named(namespace)
  if (name === undefined) throw noProvider(namespace)
  return actionNames.filter((action) => actions[action].startsWith(`${name}/`)).map((action) => shown(name, action))
}

function shown(provider: string, action: Action): object {
  const [, path = '', verb = ''] = /^[^/]+\/(.*?)\/?([^/]+(?:\/action)?)$/.exec(actions[action]) ?? []
  return {
    name: actions[action],
    isDataAction: kindOf(action) === 'data',
    display: { provider, resource: path, operation: verb.replace(/\/action$/, '') },
    origin: 'user,system',
  }
}

/** Whether a namespace is here at all, and whether it has resources of this type. */
export const knows = (namespace: string, type: string): 'nothing' | 'namespace' | 'type' => {
  const name = named(namespace)
  if (name === undefined) return 'nothing'
  return catalogue[name]?.some(({ resourceType }) => resourceType.toLowerCase() === type.toLowerCase())
    ? 'type'
    : 'namespace'
}
