import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fateOf, type Heard, portions, usualSchedule, verdictOn } from './subscription.ts'

const minute = 60_000
const terms = { attemptsMax: 30, liveMinutes: 1440 }
const after = (heard: Heard, attempt: number, { at = 0, ...more }: { at?: number; attemptsMax?: number } = {}) => {
  const verdict = verdictOn(heard)
  assert.ok(!verdict.taken)
  return fateOf({ attempt, published: 0 }, verdict, { ...terms, ...more }, { at, random: 0, schedule: usualSchedule })
}

describe('an answer', () => {
  it('is a yes from 200 to 204, and nothing else is', () => {
    for (const status of [200, 201, 202, 203, 204]) assert.deepEqual(verdictOn({ status }), { taken: true })
    for (const status of [100, 205, 206, 301, 302, 404, 500, 0])
      assert.equal(verdictOn({ status }).taken, false, `${status}`)
  })

  it('that refuses for good ends it at once, in Event Grid’s words', () => {
    const said = { 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 413: 'PayloadTooLarge' }
    for (const [status, dead] of Object.entries(said)) assert.deepEqual(after({ status: Number(status) }, 1), { dead })
  })

  it('that isn’t a yes is waited after as Event Grid does: longer each time, and as long as it asks for', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((attempt) => after({ status: 500 }, attempt))
    const minutes = [1 / 6, 1 / 2, 1, 5, 10, 30, 60, 180, 360, 720, 720]
    assert.deepEqual(
      pauses,
      minutes.map((one) => ({ due: one * minute })),
    )
    assert.deepEqual(after({ status: 503 }, 1), { due: 30_000 })
    assert.deepEqual(after({ status: 408 }, 1), { due: 2 * minute })
    assert.deepEqual(after({ status: 404 }, 1), { due: 5 * minute })
    assert.deepEqual(after({ status: 429, retryAfterMs: 20 * minute }, 1), { due: 20 * minute })
    assert.deepEqual(after({ status: 429, retryAfterMs: 1e12 }, 1), { due: 60 * minute })
    assert.deepEqual(after({ failed: 'unresolved' }, 1), { due: 5 * minute })
    assert.deepEqual(after({ failed: 'anything' }, 1), { due: 10_000 })
  })

  it('comes too late after so many attempts, or so much time', () => {
    assert.deepEqual(after({ status: 500 }, 30), { dead: 'MaxDeliveryAttemptsExceeded' })
    assert.deepEqual(after({ status: 500 }, 3, { attemptsMax: 3 }), { dead: 'MaxDeliveryAttemptsExceeded' })
    assert.deepEqual(after({ status: 500 }, 2, { at: 1440 * minute }), { dead: 'TimeToLiveExceeded' })
  })
})

it('a portion holds no more events than were asked for, nor more bytes where more than one is in it', () => {
  const events = [600, 600, 100, 2000, 10].map((length) => ({ body: 'x'.repeat(length) }))
  const sizes = (batchMax: number) =>
    portions(events, { batchMax, batchKilobytes: 1 }).map((portion) => portion.map(({ body }) => body.length))
  assert.deepEqual(sizes(10), [[600], [600, 100], [2000], [10]])
  assert.deepEqual(sizes(1), [[600], [600], [100], [2000], [10]])
  assert.deepEqual(portions([], { batchMax: 1, batchKilobytes: 1 }), [])
})
