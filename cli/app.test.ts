import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answers, run } from './testing/world.ts'

describe('app create', () => {
  const answers =
    (deletion: number): Answers =>
    ({ method, url }) =>
      url.pathname === '/v1.0/applications'
        ? { status: 201, body: { id: 'o-1', appId: 'a-1', displayName: 'shop' } }
        : method === 'DELETE'
          ? { status: deletion }
          : { status: 503, body: { error: { message: 'Not now.' } } }

  it('leaves no application that can’t sign in', async () => {
    const { exit, err, asked } = await run(['app', 'create', 'shop'], { answers: answers(204) })
    assert.deepEqual([exit, err], [1, 'Not now.\n'])
    assert.deepEqual([asked.at(-1)?.method, asked.at(-1)?.url.pathname], ['DELETE', '/v1.0/applications/o-1'])
  })

  it('names the one that stays, and how to take it away', async () => {
    const { exit, err } = await run(['app', 'create', 'shop'], { answers: answers(503) })
    assert.equal(exit, 1)
    assert.match(err, /is registered, and can't sign in: Not now\.\n.*cardea app delete o-1\n$/)
  })
})
