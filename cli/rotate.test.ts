import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RotationState, RotationView } from '@cardea/contract/cardea/rotations'
import { type Answers, run } from './testing/world.ts'

const [old, fresh] = ['0'.repeat(32), 'f'.repeat(32)]
const nowSeconds = 1_700_000_000

const view = (id: string, state: RotationState, more: Partial<RotationView['rotation']> = {}): RotationView => ({
  secret: 'db',
  provider: 'postgres',
  binding: {},
  intervalSeconds: 90 * 86_400,
  graceSeconds: 3_600,
  scrub: true,
  due: nowSeconds + 86_400,
  rotation: {
    id,
    state,
    reason: 'on-demand',
    attempt: 1,
    started: nowSeconds,
    entered: nowSeconds,
    version: null,
    published: null,
    graceUntil: null,
    lastError: null,
    ...more,
  },
  consumers: [
    { instance: 'orders-2', application: 'orders', version: old, seen: nowSeconds - 5 },
    { instance: 'orders-1', application: 'orders', version: fresh, seen: nowSeconds - 1 },
  ],
})

/** Answers each look with the next view, and stays with the last. */
const passing = (...views: RotationView[]): Answers => {
  const left = [...views]
  return () => ({ body: left.length > 1 ? left.shift() : left[0] })
}

describe('rotate', () => {
  it('tells of each state once, and whom it waits for', async () => {
    const answers = passing(
      view('1', 'done'),
      view('1', 'done'), // The answer to the command: what is due hasn't begun yet.
      view('2', 'applying'),
      view('2', 'applying'),
      view('2', 'grace', { version: fresh }),
      view('2', 'done', { version: fresh }),
    )
    const { exit, out, asked } = await run(['rotate', 'db'], { answers })
    assert.equal(exit, 0)
    assert.deepEqual(asked.map(({ method }) => method).slice(0, 3), ['GET', 'POST', 'GET'])
    const lines = out.trimEnd().split('\n')
    assert.equal(lines.length, 3)
    assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} {2}applying +the target is told of it$/)
    assert.match(lines[1] ?? '', /grace .*version ffffffff; waiting for orders-2/)
    assert.match(lines[2] ?? '', /done +only the new one is accepted/)
  })

  for (const state of ['blocked', 'aborted'] as const) {
    it(`fails when it is ${state}, with the reason and what to do`, async () => {
      const answers = passing(view('1', 'done'), view('2', state, { lastError: 'the far side is gone' }))
      const { exit, err } = await run(['rotate', 'db'], { answers })
      assert.equal(exit, 1)
      assert.match(err, /the far side is gone\n.*cardea rotate db/)
    })
  }

  it('joins a rotation that is open already', async () => {
    const { exit } = await run(['rotate', 'db'], {
      answers: passing(view('1', 'grace'), view('1', 'grace'), view('1', 'done')),
    })
    assert.equal(exit, 0)
  })

  it('ends with the publication where only time can tell', async () => {
    const grace = { ...view('2', 'grace', { version: fresh, graceUntil: nowSeconds + 86_400 }), consumers: [] }
    const { exit, out } = await run(['rotate', 'db'], { answers: passing(view('1', 'done'), grace) })
    assert.equal(exit, 0)
    assert.match(out, /published as ffffffff; no program says what it runs on, so the old one goes in 1 day\n$/)
  })

  it('only begins one when nobody waits', async () => {
    const { out, asked } = await run(['rotate', 'db', '--no-wait'], { answers: passing(view('1', 'planned')) })
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['POST'],
    )
    assert.match(out, /has begun/)
  })

  it('gives programs the rotation as it ended', async () => {
    const answers = passing(view('1', 'done'), view('2', 'done', { version: fresh }))
    const { out } = await run(['rotate', 'db', '--json'], { answers })
    assert.equal((JSON.parse(out) as RotationView).rotation?.version, fresh)
  })
})

describe('rotation', () => {
  it('is shown with who still runs on what', async () => {
    const { out } = await run(['rotation', 'show', 'db'], { answers: passing(view('2', 'grace', { version: fresh })) })
    assert.match(out, /every +90 days/)
    assert.match(out, /orders-1 +orders +ffffffff +1 second ago\norders-2 +orders +00000000 \(old\) +5 seconds ago/)
  })

  it('is bound with times in words', async () => {
    const line = 'rotation bind db --provider postgres --binding - --interval 90d --grace 12h --no-scrub'
    const { exit, asked } = await run(line.split(' '), { stdin: '{"host":"h"}', answers: passing(view('1', 'done')) })
    assert.equal(exit, 0)
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      provider: 'postgres',
      binding: { host: 'h' },
      intervalSeconds: 90 * 86_400,
      graceSeconds: 43_200,
      scrub: false,
    })
  })
})
