import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from './testing/world.ts'

const view = {
  secret: 'db-url',
  derivation: { template: 'x://{{secret:db}}', escaping: 'url', values: {}, parts: ['db'], trouble: null },
  usedBy: ['app'],
}

describe('secret derive', () => {
  it('sends the template of standard input without its last line end, and says what it is made of', async () => {
    const { exit, out, asked } = await run(['secret', 'derive', 'db-url', '--escape', 'url', '--value', 'user=a=b'], {
      answers: () => ({ body: view }),
      stdin: 'x://{{secret:db}}\n',
    })
    assert.equal(exit, 0)
    assert.match(out, /db-url is made of db\n +template +x:\/\/\{\{secret:db\}\}\n +used by +app/)
    const put = asked.find(({ method }) => method === 'PUT')
    assert.deepEqual(JSON.parse(String(put?.body)), {
      template: 'x://{{secret:db}}',
      escaping: 'url',
      values: { user: 'a=b' },
    })
  })

  it('asks for the template at a keyboard, and sends none that is empty', async () => {
    const around = { answers: () => ({ body: view }), terminal: { in: true, out: true } }
    const { asked } = await run(['secret', 'derive', 'db-url'], { ...around, typed: '{{secret:db}}' })
    assert.equal(JSON.parse(String(asked.at(-1)?.body)).template, '{{secret:db}}')
    const none = await run(['secret', 'derive', 'db-url'], { answers: around.answers })
    assert.deepEqual([none.exit, none.asked.length], [2, 0])
  })

  it('shows how a secret is made, and what is made of one that is not', async () => {
    const { out } = await run(['secret', 'derive', 'db', '--show'], {
      answers: () => ({ body: { secret: 'db', derivation: null, usedBy: ['db-url'] } }),
    })
    assert.match(out, /db is not made of others\n +used by +db-url/)
  })

  it('says in words that there is no such secret', async () => {
    const { exit, err } = await run(['secret', 'derive', 'typo', '--show'], {
      answers: () => ({ status: 404, body: { error: { code: 'SecretNotFound', message: 'Azure’s text' } } }),
    })
    assert.equal(exit, 1)
    assert.match(err, /^There is no secret typo in \S+\.\nSee: cardea secret list\n$/)
  })

  it('is misused without a name for a value', async () => {
    const { exit, err } = await run(['secret', 'derive', 'db-url', '--value', '=x'], { stdin: '{{secret:db}}' })
    assert.equal(exit, 2)
    assert.match(err, /NAME=TEXT/)
  })
})
