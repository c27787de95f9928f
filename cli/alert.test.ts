import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from './testing/world.ts'

describe('alert set', () => {
  const words = ['alert', 'set', 'slow', '--watch', 'laggards', '--webhook']
  const answers = () => ({ body: { name: 'slow', resource: '/subscriptions/s', trouble: null } })

  it('reads the address of a web hook from a pipe, or asks for it and shows nothing', async () => {
    const address = 'https://hooks.example.org/credential'
    for (const around of [{ stdin: `${address}\n` }, { terminal: { in: true, out: true }, typed: address }]) {
      const { exit, out, err, asked } = await run(words, { answers, ...around })
      assert.equal(exit, 0)
      assert.equal(JSON.parse(asked.at(-1)?.body ?? '').webhook, address)
      assert.doesNotMatch(out + err, /credential/)
    }
  })

  it('says at once what will keep it from telling', async () => {
    const trouble = 'CARDEA_SMTP_URL is not set'
    const { exit, err } = await run('alert set slow --watch laggards --mail ops@example.org'.split(' '), {
      answers: () => ({ body: { ...answers().body, trouble } }),
    })
    assert.deepEqual([exit, err], [0, `What keeps it from telling: ${trouble}\n`])
  })

  it('refuses one that is empty, and asks nobody', async () => {
    const { exit, asked } = await run(words, { answers })
    assert.deepEqual([exit, asked.length], [2, 0])
  })
})
