import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answers, run, storeUrl, vaultUrl } from './testing/world.ts'

const reference = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
const answers: Answers = ({ url, given }) => ({
  body: { key: decodeURIComponent(url.pathname.slice(4)), etag: 'e', label: null, value: 'v', ...given },
})

describe('setting set', () => {
  it('takes a value that is no secret as an argument', async () => {
    const { exit, asked } = await run(['setting', 'set', 'Shop:Greeting', 'Hello', '--label', 'de'], { answers })
    assert.equal(exit, 0)
    assert.equal(asked[0]?.url.origin, storeUrl)
    assert.equal(asked[0]?.url.pathname, '/kv/Shop%3AGreeting')
    assert.equal(asked[0]?.url.searchParams.get('label'), 'de')
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { value: 'Hello' })
  })

  it('reads a pipe where there is none', async () => {
    const { asked } = await run(['setting', 'set', 'a'], { stdin: 'x\n', answers })
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { value: 'x' })
  })

  it('points at a secret of the vault', async () => {
    const { out, asked } = await run(['setting', 'set', 'Shop:Database', '--reference', 'db'], { answers })
    assert.equal(out, 'Shop:Database has the value of the secret db\n')
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      value: JSON.stringify({ uri: `${vaultUrl}/secrets/db` }),
      content_type: reference,
    })
  })

  it('refuses two values', async () => {
    assert.equal((await run(['setting', 'set', 'a', 'x', '--reference', 'db'], { answers })).exit, 2)
  })
})

it('setting list shows where references point, and nothing that a terminal would obey', async () => {
  const modified = '2023-11-14T22:13:20+00:00'
  const item = { etag: 'e', label: null, locked: false, tags: {}, last_modified: modified }
  const items = [
    { ...item, key: 'Shop:Database', value: '{"uri":"https://v/secrets/db"}', content_type: reference },
    { ...item, key: 'Shop:Greeting', value: 'Hel\u001b[2Jlo', content_type: null },
  ]
  const { out } = await run(['setting', 'list', '--key', 'Shop:*'], { answers: () => ({ body: { items } }) })
  assert.match(out, /Shop:Database +→ https:\/\/v\/secrets\/db +now/)
  assert.match(out, /Shop:Greeting +Hel\ufffd\[2Jlo/)
})
