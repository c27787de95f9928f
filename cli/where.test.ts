import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Service } from './service.ts'
import { resourceCalled, whereOf } from './where.ts'

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000001'
const group = `${subscription}/resourceGroups/shop`
const vault = `${group}/providers/Microsoft.KeyVault/vaults/orders`
const store = `${group}/providers/Microsoft.AppConfiguration/configurationStores/orders`

/** The management host of an installation with one vault and one store. */
const lists: Readonly<Record<string, readonly object[]>> = {
  '/subscriptions': [{ id: subscription, name: 's' }],
  [`${subscription}/providers/Microsoft.KeyVault/vaults`]: [{ id: vault, name: 'orders' }],
  [`${subscription}/providers/Microsoft.AppConfiguration/configurationStores`]: [{ id: store, name: 'orders' }],
}
const management: Service = {
  origin: 'https://management.cardea.internal',
  ask: async <T>(_: string, path: string) => ({ status: 200, body: { value: lists[path] } as T }),
  follow: () => Promise.reject(new Error('nothing is streamed here')),
}

it('a place is told in the words in which it is given', async () => {
  for (const [id, words] of [
    [subscription, 'subscription'],
    [group, 'group:shop'],
    [vault, 'orders'],
    [`${vault}/secrets/db`, 'orders/db'],
    [store, 'store:orders'],
    [`${vault}/keys/db`, `${vault}/keys/db`],
    ['/', '/'],
  ] as const) {
    assert.equal(whereOf(id), words)
    assert.equal(await resourceCalled(management, words), id)
  }
})
