import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Action } from '@cardea/contract/actions'
import { builtInRoleList, builtInRoles, type RoleDefinition } from '@cardea/contract/roles'
import { AccessBook, type Wish } from '#core/access/access.ts'
import { foundRole } from '#core/access/assignments.ts'
import type { Caller } from '#core/identity/caller.ts'
import { register } from '#core/identity/directory.ts'
import { foundAnother } from './planes/vault/testing/vault.ts'
import { type House, openHouse } from './testing/house.ts'
import { documentedRight, everyOperation, permissionsPage, writtenPage } from './testing/permissions.ts'

/** Ids and names as Azure documents them: scripts hold on to both. */
const documented: readonly (readonly [id: string, name: string])[] = [
  ['8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner'],
  ['b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor'],
  ['acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader'],
  ['18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator'],
  ['f58310d9-a9f6-439a-9e8d-f62e7b41a168', 'Role Based Access Control Administrator'],
  ['e40ec5ca-96e0-45a2-b4ff-59039f2c2b59', 'Managed Identity Contributor'],
  ['f1a07417-d97a-45cb-824c-7a7467783830', 'Managed Identity Operator'],
  ['00482a5a-887f-4fb3-b363-3b7fe8e74483', 'Key Vault Administrator'],
  ['21090545-7ca7-4776-b22c-e363652d74d2', 'Key Vault Reader'],
  ['4633458b-17de-408a-b874-0445c86b69e6', 'Key Vault Secrets User'],
  ['b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Key Vault Secrets Officer'],
  ['12338af0-0e69-4776-bea7-57ae8d297424', 'Key Vault Crypto User'],
  ['14b46e9e-c2b7-41b4-b07b-48a6ebf60603', 'Key Vault Crypto Officer'],
  ['e147488a-f6f5-4113-8e2d-b22465e65bf6', 'Key Vault Crypto Service Encryption User'],
  ['08bbd89e-9f13-488c-ac41-acfcb10c90ab', 'Key Vault Crypto Service Release User'],
  ['db79e9a7-68ee-4b58-9aeb-b90e7c24fcba', 'Key Vault Certificate User'],
  ['a4417e6f-fecd-4de8-b567-7b0420556985', 'Key Vault Certificates Officer'],
  ['8b54135c-b56d-4d72-a534-26097cfdc8d8', 'Key Vault Data Access Administrator'],
  ['f25e0fa2-a7c8-4377-a976-54943a77a395', 'Key Vault Contributor'],
  ['a68e7c17-0ab2-4c09-9a58-125dae29748c', 'Key Vault Purge Operator'],
  ['5ae67dd6-50cb-40e7-96ff-dc2bfa4b606b', 'App Configuration Data Owner'],
  ['516239f1-63e1-4d78-a4de-a74fb236a071', 'App Configuration Data Reader'],
  ['fe86443c-f201-4fc4-9d2a-ac61149fbda0', 'App Configuration Contributor'],
  ['175b81b9-6e0d-490a-85e4-0d422273c10c', 'App Configuration Reader'],
  ['62e90394-69f5-4237-9190-012177145e10', 'Global Administrator'],
  ['9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', 'Application Administrator'],
  ['158c047a-c907-4556-b7ef-446551a6b5f7', 'Cloud Application Administrator'],
  ['fe930be7-5e62-47db-91af-98c3a49a38b1', 'User Administrator'],
  ['fdd7a751-b60b-444a-984c-02652fe8fa1c', 'Groups Administrator'],
  ['88d8e3e3-8f55-4a1e-953a-9b9898b8876b', 'Directory Readers'],
]

describe('the built-in roles', () => {
  it('have Azure’s ids and names', () => {
    const ours = builtInRoleList.filter(({ name }) => !name.startsWith('Cardea ')).map(({ id, name }) => [id, name])
    assert.deepEqual(ours.sort(), documented.map((pair) => [...pair]).sort())
    assert.equal(new Set(builtInRoleList.map(({ id }) => id)).size, builtInRoleList.length)
  })

  it('that manage give no right to data, those about data none to manage assignments, and neither any to the directory', () => {
    const { owner, contributor, keyVaultContributor, keyVaultAdministrator, globalAdministrator } = builtInRoles
    for (const role of [owner, contributor, keyVaultContributor]) {
      assert.equal(documentedRight(role, 'secrets/get'), false, role.name)
      assert.equal(documentedRight(role, 'users/create'), false, role.name)
    }
    assert.equal(documentedRight(keyVaultAdministrator, 'roles/assign'), false)
    assert.equal(documentedRight(globalAdministrator, 'secrets/get'), false)
    assert.equal(documentedRight(globalAdministrator, 'vaults/read'), false)
  })

  it('stand in docs/permissions.md with every operation that they allow (if not: npm run permissions)', async () => {
    assert.equal(writtenPage(), await permissionsPage())
  })
})

describe('every operation, for every built-in role at every scope', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house?.[Symbol.asyncDispose]())

  it('is allowed exactly where Azure’s documentation of roles says so', async () => {
    const { base, installation } = house.cardea
    const subscription = `/subscriptions/${installation.subscription}`
    const group = `${subscription}/resourceGroups/demo`
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/demo`
    const store = `${group}/providers/Microsoft.AppConfiguration/configurationStores/demo`
    const neighbour = `${group}/providers/Microsoft.KeyVault/vaults/demo2`
    await foundAnother(house, 'demo2')
    const places = [
      '/',
      subscription,
      group,
      `${subscription}/resourceGroups/demo2`,
      vault,
      store,
      neighbour,
      `${vault}/secrets/orders`,
      `${vault}/secrets/orders2`,
      `${vault}/keys/orders`,
    ]
    const holders = await base.database.write(async (turn) => {
      const made: { caller: Caller; role: RoleDefinition; scope: string }[] = []
      for (const role of builtInRoleList) {
        for (const scope of places) {
          const { objectId, appId } = await register(turn, base.keyring, {
            name: `${role.name} at ${scope}`,
            kind: 'application',
          })
          await foundRole(turn, base.keyring, { id: randomUUID(), principal: objectId, role: role.id, scope })
          made.push({ caller: { objectId, appId }, role, scope })
        }
      }
      return made
    })
    const asked = new Map<string, Pick<Wish<Action>, 'action' | 'reach'> & { id: string }>()
    for (const { operation } of await everyOperation()) {
      const { id, action, reach } = operation
      asked.set(`${action} ${reach}`, { id, action, ...(reach !== undefined && { reach }) })
    }
    const lies = (inner: string, outer: string) => outer === '/' || inner === outer || inner.startsWith(`${outer}/`)
    const book = new AccessBook(base.keyring)
    const wrong: string[] = []
    let looked = 0
    for (const { caller, role, scope } of holders) {
      for (const resource of [...places, '/directory']) {
        for (const { id, action, reach } of asked.values()) {
          const reaches = lies(resource, scope) || (reach === 'within' && lies(scope, resource))
          const expected = reaches && documentedRight(role, action)
          const wish = { caller, action, resource: resource.toUpperCase(), ...(reach !== undefined && { reach }) }
          const allowed = await Promise.resolve(book.permitAt(base.database, base.database.epoch, wish)).then(
            () => true,
            () => false,
          )
          looked += 1
          if (allowed !== expected) wrong.push(`${id}: ${role.name} at ${scope} on ${resource}: ${allowed}`)
        }
      }
    }
    assert.deepEqual(wrong, [])
    assert.ok(looked > 100_000, String(looked))
  })
})
