import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Action } from '@cardea/contract/actions'
import { builtInRoles } from '@cardea/contract/roles'
import { actionsOf, type Grant, Grants } from './grant.ts'

const reads = new Set<Action>(['secrets/get'])
const vault = '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/v'
const at = (scope: string, assignment = scope) => ({ assignment, scope, actions: reads })

describe('grants', () => {
  it('hold at their scope and below it, and nowhere that merely begins alike', () => {
    const grants = new Grants([at(vault)])
    assert.equal(grants.allowing('secrets/get', `${vault}/secrets/a`)?.assignment, vault)
    assert.equal(grants.allowing('secrets/get', vault.toUpperCase())?.assignment, vault)
    for (const other of [`${vault}2`, `${vault}2/secrets/a`, vault.slice(0, -2), '/', '']) {
      assert.equal(grants.allowing('secrets/get', other), undefined, other)
    }
    assert.equal(grants.allowing('secrets/set', vault), undefined)
    assert.equal(new Grants([at('/')]).allowing('secrets/get', vault)?.assignment, '/')
  })

  it('are found below a resource where somebody asks for what is within it', () => {
    const grants = new Grants([at(`${vault}2`), at(`${vault}/secrets/a`)])
    assert.equal(grants.promising('secrets/get', vault, true)?.assignment, `${vault}/secrets/a`)
    assert.equal(grants.promising('secrets/get', vault, false), undefined)
    assert.equal(grants.promising('secrets/get', '/', true)?.assignment, `${vault}/secrets/a`)
    assert.equal(grants.promising('secrets/get', `${vault}3`, true), undefined)
  })

  it('are found as fast among two thousand as among two', () => {
    const many = Array.from({ length: 2000 }, (_, number) => at(`${vault}/secrets/s${number}`))
    let looked = 0
    const counted = (grant: Grant): Grant => ({
      ...grant,
      get actions() {
        looked += 1
        return grant.actions
      },
    })
    const looks = (grants: readonly Grant[]): number => {
      const those = new Grants(grants.map(counted))
      looked = 0
      for (let number = 0; number < 4; number += 1) those.allowing('secrets/get', `${vault}/secrets/s${number}`)
      return looked
    }
    assert.deepEqual([looks(many.slice(0, 4)), looks(many)], [4, 4])
  })
})

describe('a wildcard', () => {
  it('in a role can’t make the server slow', () => {
    const dataActions = Array(512).fill(`${'*a'.repeat(100)}z`)
    assert.deepEqual(actionsOf({ ...builtInRoles.reader, dataActions }), actionsOf(builtInRoles.reader))
  })
})
