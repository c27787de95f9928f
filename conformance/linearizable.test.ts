import assert from 'node:assert/strict'
import { it } from 'node:test'
import { firstContradiction } from './linearizable.ts'

const at = (began: number, ended: number, value: boolean) => ({ began, ended, value })
const writings = [at(0, 1, true), at(10, 12, false), at(20, 22, true)]

it('takes every history in which each reading saw what was answered before it, or was under way', () => {
  const readings = [at(2, 3, true), at(9, 11, true), at(10.5, 11.5, false), at(13, 14, false), at(21, 25, true)]
  assert.equal(firstContradiction(writings, readings), undefined)
})

it('finds a reading that saw what had been taken back before it began', () => {
  const stale = at(13, 14, true)
  assert.equal(firstContradiction(writings, [at(2, 3, true), stale]), stale)
})

it('finds a reading that goes back behind one that ended before it', () => {
  const back = at(11.2, 11.4, true)
  assert.equal(firstContradiction(writings, [at(10.2, 11, false), back]), back)
})
