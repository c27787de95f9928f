import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

describe('Azure’s management clients, with the environment alone', () => {
  it('make, change, list, delete, recover and purge vaults and stores', async () => {
    const { subscription, tenant } = house.cardea.installation
    const group = `/subscriptions/${subscription}/resourceGroups/demo/providers`
    const given = [subscription, tenant, 'https://management.cardea.internal']
    const seen = await seenBy('resources.js', house.env, given)
    assert.deepEqual(seen, {
      free: true,
      made: ['arm-vault', true, 7],
      updated: { b: '2' },
      read: 'Succeeded',
      lists: [
        ['arm-vault', 'demo'],
        ['arm-vault', 'demo'],
        ['arm-vault', 'demo'],
      ],
      pages: [['arm-vault'], ['demo'], ['arm-vault'], ['demo']],
      policies: [[['get']], [['get', 'list']], [['set', 'list']], [['list']], []],
      missing: '404 ResourceNotFound',
      gone: '404 ResourceNotFound',
      deleted: [['arm-vault'], `${group}/Microsoft.KeyVault/vaults/arm-vault`],
      taken: '409 ConflictError',
      recovered: 'value',
      purged: '404 DeletedVaultNotFound',
      operations: [
        ['Microsoft.KeyVault/vaults/secrets/getSecret/action'],
        [
          'Microsoft.AppConfiguration/configurationStores/keyValues/read',
          'Microsoft.AppConfiguration/configurationStores/ListKeys/action',
        ],
      ],
      store: ['arm-store', 'standard', 'Succeeded', true],
      keys: [
        ['Primary', false],
        ['Secondary', false],
        ['Primary Read Only', true],
        ['Secondary Read Only', true],
      ],
      renewed: ['Primary', false],
      old: 401,
      setting: '1',
      changed: { c: '3' },
      stores: [
        ['arm-store', 'demo'],
        ['arm-store', 'demo'],
      ],
      storeName: false,
      storeNameThere: false,
      deletedStores: ['arm-store'],
      deletedStore: `${group}/Microsoft.AppConfiguration/configurationStores/arm-store`,
      purgedStore: '404 ResourceNotFound',
    })
  })
})
