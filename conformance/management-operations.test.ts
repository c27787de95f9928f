import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { AppConfigurationManagementClient } from '@azure/arm-appconfiguration'
import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { KeyVaultManagementClient } from '@azure/arm-keyvault'

/**
 * Every group of operations that Azure's management clients have is either tried, each operation of it, by one of our
 * programs, or is about something that Cardea doesn't have, named here.
 */
const credential = { getToken: async () => null }
const clients = {
  'resources.js': [
    new KeyVaultManagementClient(credential, 's'),
    new AppConfigurationManagementClient(credential, 's'),
  ],
  'authorization.ts': [new AuthorizationManagementClient(credential, 's')],
}
const absent: Record<string, string> = {
  pipeline: 'it is how the client asks, nothing that it asks for',
  keys: 'who manages a vault has no right on its data (P9): keys are made in the vault, not beside it',
  secrets: 'who manages a vault has no right on its data (P9): secrets are set in the vault, not beside it',
  keyValues: 'who manages a store has no right on its data (P9): settings are set in the store, not beside it',
  managedHsms: 'a managed HSM is a service of its own: here a module keeps keys of premium vaults',
  managedHsmKeys: 'a managed HSM is a service of its own: here a module keeps keys of premium vaults',
  mhsmPrivateEndpointConnections: 'a managed HSM is a service of its own: here a module keeps keys of premium vaults',
  mhsmPrivateLinkResources: 'a managed HSM is a service of its own: here a module keeps keys of premium vaults',
  mhsmRegions: 'a managed HSM is a service of its own: here a module keeps keys of premium vaults',
  privateEndpointConnections: 'there is no virtual network to connect to',
  privateLinkResources: 'there is no virtual network to connect to',
  replicas: 'a store is one, on as many nodes as there are',
  classicAdministrators: 'Azure has retired them',
  providerOperationsMetadataOperations: 'the operations of each provider are listed by the provider',
  eligibleChildResources: 'roles for a while are not built',
  roleAssignmentSchedules: 'roles for a while are not built',
  roleAssignmentScheduleInstances: 'roles for a while are not built',
  roleAssignmentScheduleRequests: 'roles for a while are not built',
  roleEligibilitySchedules: 'roles for a while are not built',
  roleEligibilityScheduleInstances: 'roles for a while are not built',
  roleEligibilityScheduleRequests: 'roles for a while are not built',
  roleManagementPolicies: 'roles for a while are not built',
  roleManagementPolicyAssignments: 'roles for a while are not built',
}
/** What our programs call a group, where that isn't its own name. */
const calledThere: Record<string, string> = { configurationStores: 'stores', denyAssignments: 'deny' }
/** Tried under the name of the operation that they are the other half of. */
const sameAs: Record<string, string> = {
  purgeDeleted: 'beginPurgeDeletedAndWait',
  beginPurgeDeleted: 'beginPurgeDeletedAndWait',
  beginCreateOrUpdate: 'beginCreateOrUpdateAndWait',
  beginCreate: 'beginCreateAndWait',
  beginUpdate: 'beginUpdateAndWait',
  beginDelete: 'beginDeleteAndWait',
}

/** The public operations of one group: methods of its class, or functions of its object. */
function operationsOf(group: object): string[] {
  const prototype = Object.getPrototypeOf(group) as object
  const names = [
    ...Object.keys(group),
    ...(prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype)),
  ]
  return names.filter(
    (name) =>
      name !== 'constructor' &&
      !/^_|Next$|Paging|PagingPage|PagingAll/.test(name) &&
      typeof (group as Record<string, unknown>)[name] === 'function',
  )
}

describe('each operation of Azure’s management clients', () => {
  for (const [program, both] of Object.entries(clients)) {
    it(`is tried by ${program}, or is about something that isn’t here`, () => {
      const text = readFileSync(join(import.meta.dirname, 'clients', program), 'utf8')
      const untried: string[] = []
      for (const client of both) {
        for (const [name, group] of Object.entries(client)) {
          if (typeof group !== 'object' || group === null || name.startsWith('_') || name in absent) continue
          for (const operation of operationsOf(group)) {
            const call = `${calledThere[name] ?? name}.${sameAs[operation] ?? operation}(`
            if (!text.toLowerCase().includes(call.toLowerCase())) untried.push(`${name}.${operation}`)
          }
        }
      }
      assert.deepEqual(untried, [])
    })
  }
})
