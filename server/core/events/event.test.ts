import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cloudEvent, type Event } from './event.ts'

const addresses = {
  vaultUrl: (name: string) => `https://${name}.vault.cardea.internal`,
  storeUrl: (name: string) => `https://${name}.config.cardea.internal`,
}
const told = (event: Event, sequence = 7) => cloudEvent(event, { id: 'id', sequence, at: 1_700_000_000_123 }, addresses)

describe('an event', () => {
  it('of a secret carries what Key Vault’s own carry, in its spelling, and no value', () => {
    const scope = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/demo'
    const version = '0'.repeat(32)
    const event = { type: 'secret-near-expiry', scope, resource: `${scope}/secrets/Db`, name: 'Db', version } as const
    assert.deepEqual(told({ ...event, notBefore: undefined, expires: 1_700_000_900_999 }), {
      specversion: '1.0',
      id: 'id',
      source: scope,
      type: 'Microsoft.KeyVault.SecretNearExpiry',
      subject: 'Db',
      time: '2023-11-14T22:13:20.1230000Z',
      datacontenttype: 'application/json',
      data: {
        Id: `https://demo.vault.cardea.internal/secrets/Db/${version}`,
        VaultName: 'demo',
        ObjectType: 'Secret',
        ObjectName: 'Db',
        Version: version,
        NBF: null,
        EXP: 1_700_000_900,
      },
    })
  })

  it('of a vault names the vault', () => {
    const scope = '/vaults/demo'
    const { data, subject } = told({ type: 'vault-access-policy-changed', scope, resource: scope, name: 'demo' })
    assert.equal(subject, 'demo')
    assert.deepEqual([data.Id, data.ObjectType], ['https://demo.vault.cardea.internal', 'Vault'])
  })

  it('of a setting carries its key, label, etag and the token that makes clients see it, under its address', () => {
    const event = { scope: '/stores/s', resource: '/stores/s', name: 'a b/k', etag: 'e' } as const
    const written = told({ type: 'setting-written', ...event, label: 'l&m' })
    assert.equal(written.subject, 'https://s.config.cardea.internal/kv/a%20b%2Fk?label=l%26m')
    assert.deepEqual(written.data, { key: 'a b/k', label: 'l&m', etag: 'e', syncToken: 'cardea=Nw;sn=7' })
    const deleted = told({ type: 'setting-deleted', ...event })
    assert.equal(deleted.type, 'Microsoft.AppConfiguration.KeyValueDeleted')
    assert.equal(deleted.subject, 'https://s.config.cardea.internal/kv/a%20b%2Fk')
    assert.equal(deleted.data.label, null)
    const snapshot = told({ type: 'snapshot-created', ...event, name: 'snap' })
    assert.equal(snapshot.type, 'Microsoft.AppConfiguration.SnapshotCreated')
    assert.equal(snapshot.subject, 'https://s.config.cardea.internal/snapshots/snap')
    assert.deepEqual(snapshot.data, { name: 'snap', etag: 'e', syncToken: 'cardea=Nw;sn=7' })
  })
})
