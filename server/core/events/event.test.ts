import assert from 'node:assert/strict'
import { it } from 'node:test'
import { cloudEvent } from './event.ts'

it('an event of a setting carries its key, label, etag and the token that makes clients see it, and no value', () => {
  const event = { scope: '/stores/s', resource: '/stores/s', name: 'k', etag: 'e' } as const
  assert.deepEqual(cloudEvent({ type: 'setting-written', ...event, label: 'l' }, 7, 0).data, {
    resource: '/stores/s',
    name: 'k',
    label: 'l',
    key: 'k',
    etag: 'e',
    syncToken: 'cardea=Nw==',
  })
  const deleted = cloudEvent({ type: 'setting-deleted', ...event }, 8, 0)
  assert.equal(deleted.type, 'Microsoft.AppConfiguration.KeyValueDeleted')
  assert.equal((deleted.data as { label: string | null }).label, null)
  const snapshot = cloudEvent({ type: 'snapshot-created', ...event }, 9, 0)
  assert.equal(snapshot.type, 'Microsoft.AppConfiguration.SnapshotCreated')
  assert.deepEqual(Object.keys(snapshot.data as object), ['resource', 'name', 'etag', 'syncToken'])
})
