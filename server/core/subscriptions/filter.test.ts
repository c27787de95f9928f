import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CloudEvent } from './cloud-event.ts'
import { type Advanced, type Filter, type Operator, operators, wants } from './filter.ts'

const event: CloudEvent = {
  ...{
    specversion: '1.0',
    id: 'id-1',
    source: '/vaults/demo',
    subject: 'Orders-Db',
    datacontenttype: 'application/json',
  },
  ...{ type: 'Microsoft.KeyVault.SecretNearExpiry', time: '2030-01-01T00:00:00.0000000Z' },
  data: { ObjectName: 'Orders-Db', EXP: 100, NBF: null, Flag: true },
}
const plain: Filter = { types: 'azure', begins: '', ends: '', caseMatters: false, advanced: [] }
const fits = (more: Partial<Filter>): boolean => wants({ ...plain, ...more }, event)
const one = (operator: Operator, key: string, ...values: unknown[]): boolean =>
  fits({ advanced: [{ operator, key, values } satisfies Advanced] })

describe('a filter', () => {
  it('goes by type: Azure’s own unless others are named', () => {
    const ours = { ...event, type: 'Cardea.RotationFailed' }
    assert.deepEqual([wants(plain, event), wants(plain, ours)], [true, false])
    assert.ok(wants({ ...plain, types: 'all' }, ours))
    assert.ok(wants({ ...plain, types: ['Cardea.RotationFailed'] }, ours))
    assert.ok(!fits({ types: ['Cardea.RotationFailed'] }))
  })

  it('goes by how the subject begins and ends, with or without its case', () => {
    assert.ok(fits({ begins: 'orders-db', ends: 'ORDERS-DB' }))
    assert.ok(!fits({ begins: 'orders', caseMatters: true }))
    assert.ok(fits({ begins: 'Orders', ends: '-Db', caseMatters: true }))
    assert.ok(!fits({ begins: 'db' }))
  })

  const wishes: Record<Operator, { yes: [string, ...unknown[]][]; no: [string, ...unknown[]][] }> = {
    StringIn: {
      yes: [['subject', 'x', 'orders-db']],
      no: [
        ['subject', 'orders'],
        ['data.EXP', '100'],
        ['data.Nothing', 'x'],
      ],
    },
    StringNotIn: {
      yes: [
        ['subject', 'x'],
        ['data.Nothing', 'x'],
      ],
      no: [['data.objectname', 'ORDERS-DB']],
    },
    StringBeginsWith: { yes: [['eventType', 'microsoft.']], no: [['type', 'Near']] },
    StringNotBeginsWith: { yes: [['type', 'Cardea.']], no: [['type', 'Microsoft.', 'x']] },
    StringEndsWith: { yes: [['topic', '/DEMO']], no: [['source', 'vaults']] },
    StringNotEndsWith: { yes: [['source', 'x']], no: [['source', 'demo']] },
    StringContains: { yes: [['data.ObjectName', 'x', 's-d']], no: [['data.ObjectName', 'x']] },
    StringNotContains: { yes: [['id', 'x']], no: [['id', 'D-1']] },
    NumberIn: {
      yes: [['data.EXP', 1, 100]],
      no: [
        ['data.EXP', 1],
        ['data.NBF', 0],
        ['subject', 1],
      ],
    },
    NumberNotIn: {
      yes: [
        ['data.EXP', 1],
        ['data.Nothing', 1],
      ],
      no: [['data.EXP', 100]],
    },
    NumberLessThan: {
      yes: [['data.EXP', 101]],
      no: [
        ['data.EXP', 100],
        ['data.NBF', 1],
      ],
    },
    NumberLessThanOrEquals: { yes: [['data.EXP', 100]], no: [['data.EXP', 99]] },
    NumberGreaterThan: { yes: [['data.EXP', 99]], no: [['data.EXP', 100]] },
    NumberGreaterThanOrEquals: { yes: [['data.EXP', 100]], no: [['data.EXP', 101]] },
    NumberInRange: {
      yes: [['data.EXP', [0, 1], [100, 200]]],
      no: [
        ['data.EXP', [101, 200]],
        ['data.EXP', 100],
      ],
    },
    NumberNotInRange: {
      yes: [
        ['data.EXP', [0, 99]],
        ['data.NBF', [0, 1]],
      ],
      no: [['data.EXP', [100, 100]]],
    },
    BoolEquals: {
      yes: [['data.Flag', true]],
      no: [
        ['data.Flag', false],
        ['data.Nothing', false],
      ],
    },
    IsNullOrUndefined: { yes: [['data.NBF'], ['data.Nothing.deeper'], ['nothing']], no: [['data.EXP']] },
    IsNotNull: { yes: [['data.EXP']], no: [['data.NBF'], ['data'], ['data.constructor']] },
  }
  for (const operator of operators) {
    it(`knows what ${operator} means, and of what isn’t there or is something else`, () => {
      for (const [key, ...values] of wishes[operator].yes) assert.ok(one(operator, key, ...values), `${key} ${values}`)
      for (const [key, ...values] of wishes[operator].no) assert.ok(!one(operator, key, ...values), `${key} ${values}`)
    })
  }

  it('wants all of its parts to fit', () => {
    const good: Advanced = { operator: 'IsNotNull', key: 'data.EXP', values: [] }
    assert.ok(fits({ advanced: [good, good] }))
    assert.ok(!fits({ advanced: [good, { ...good, key: 'data.NBF' }] }))
  })
})
