import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Rehearsal } from '../rehearsal.ts'
import { notePermission } from './rehearsal.ts'

const account = 'https://management.example/subscriptions/1/providers/Microsoft.Storage/storageAccounts/shop'

/** What is noted where a resource manager answers with these roles. */
function noted(roles: readonly { actions: readonly string[]; notActions: readonly string[] }[], at = account) {
  const rehearsal = new Rehearsal()
  notePermission(rehearsal, at, 'admin-app', { status: 200, headers: {}, text: JSON.stringify({ value: roles }) })
  return rehearsal.checks
}

describe('whether a key may be regenerated', () => {
  it('is told by wildcards in any case, unless the same role takes it out again', () => {
    for (const [actions, notActions, may] of [
      [['*'], [], true],
      [['microsoft.storage/storageaccounts/*/ACTION'], [], true],
      [['Microsoft.Storage/storageAccounts/listKeys/action'], [], false],
      [['Microsoft.Storage/storageAccounts/regenerateKey/action.'], [], false],
      [['*'], ['*/regenerateKey/*'], false],
      [[], [], false],
    ] as const) {
      const { wrong, remedy } = noted([{ actions, notActions }]).at(-1) ?? {}
      assert.equal(wrong, may ? null : 'No role of admin-app on the account allows it', actions.join())
      if (!may)
        assert.match(remedy ?? '', /^Assign a role with Microsoft\.Storage\/storageAccounts\/regenerateKey\/action /)
    }
  })

  it('is told soon, whatever a resource manager calls an action', () => {
    const slow = `${'*a'.repeat(60)}b`
    const since = performance.now()
    noted([{ actions: [slow], notActions: [] }], `https://management.example/providers/${'a'.repeat(1_000)}/b/c`)
    assert.ok(performance.now() - since < 1_000)
  })
})
