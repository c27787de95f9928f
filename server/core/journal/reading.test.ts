import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inside } from '#core/audit/entry.ts'
import { Gleaning } from './reading.ts'

it('readings of one version are one, however its name was spelled, and the latest of them counts', () => {
  const found = new Gleaning(6)
  for (const [index, name] of ['DB', 'db', 'DB'].entries()) {
    found.add({
      ...{ operation: 'SecretGet', outcome: 'done', writer: 'writer', number: 7 + index, at: 100 + index },
      resource: `/subscriptions/s/vaults/demo/secrets/${name}/${'a'.repeat(32)}`,
      caller: { objectId: 'somebody', appId: 'something' },
      circumstances: { ...inside, address: `10.0.0.${index}` },
    })
  }
  const kept = [...found.read].map(({ times, at, address }) => ({ times, at, address }))
  assert.deepEqual(kept, [{ times: 3, at: 102, address: '10.0.0.2' }])
  assert.equal(found.last, 9)
})
