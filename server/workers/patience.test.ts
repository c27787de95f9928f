import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Patience } from './patience.ts'

const second = 1_000
const admitted = (patience: Patience, id: string, at: number) => {
  const answer = patience.admit(id, at)
  if ('until' in answer) assert.fail(`${id} has to wait until ${answer.until}`)
  return answer.over
}
const waits = (patience: Patience, id: string, at: number): number => {
  const answer = patience.admit(id, at)
  return 'until' in answer ? answer.until - at : assert.fail(`${id} needn't wait`)
}

describe('patience with receivers', () => {
  it('gives those who aren’t known yet, or were late, some of the places, and the quick all the others', () => {
    const patience = new Patience(2)
    admitted(patience, 'quick', 0)(100, 0)
    const [a] = [admitted(patience, 'a', 0), admitted(patience, 'b', 0)]
    assert.equal(waits(patience, 'c', 0), second)
    for (let index = 0; index < 10; index += 1) admitted(patience, 'quick', 0)
    a(100, 0)
    admitted(patience, 'c', 0)
  })

  it('leaves alone who was late, longer each time, and no longer than ten minutes', () => {
    const patience = new Patience(1)
    const pauses = Array.from({ length: 9 }, (_, index) => {
      const at = index * 3_600 * second
      admitted(patience, 'slow', at)(30 * second, at)
      return waits(patience, 'slow', at) / second
    })
    assert.deepEqual(pauses, [10, 20, 40, 80, 160, 320, 600, 600, 600])
  })

  it('forgives who is quick again, but not all at once', () => {
    const patience = new Patience(1)
    for (let hour = 0; hour < 4; hour += 1)
      admitted(patience, 'slow', hour * 3_600 * second)(30 * second, hour * 3_600 * second)
    const at = 100 * 3_600 * second
    admitted(patience, 'slow', at)(100, at)
    admitted(patience, 'slow', at)(30 * second, at)
    assert.equal(waits(patience, 'slow', at), 40 * second)
  })
})
