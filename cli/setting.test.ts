import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Answers, run, storeUrl, vaultUrl } from './testing/world.ts'

const reference = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
const answers: Answers = ({ url, given }) => ({
  ...(url.pathname.startsWith('/secrets/') && { status: 403 }),
  body: { key: decodeURIComponent(url.pathname.slice(4)), etag: 'e', label: null, value: 'v', ...given },
})

describe('a connection string', () => {
  const connection = `Endpoint=${storeUrl};Id=i;Secret=c2VjcmV0`
  const env = { AZURE_APPCONFIG_CONNECTION_STRING: connection }
  const identity = { IDENTITY_ENDPOINT: 'http://127.0.0.1:1/token', IDENTITY_HEADER: 'h' }
  const asAnybody: Answers = (request) =>
    request.url.pathname === '/token' ? { body: { access_token: 'token', expires_in: 3600 } } : answers(request)
  const provedBy = async (words: readonly string[], env: Record<string, string>) => {
    const { exit, err, asked } = await run(['setting', 'set', 'a', 'b', ...words], { env, answers: asAnybody })
    return { exit, err, by: asked.at(-1)?.headers?.authorization?.split(' ')[0], at: asked.at(-1)?.url.origin }
  }

  it('opens its own store, by whatever name', async () => {
    for (const words of [[], ['--store', 'demo'], ['--store', `${storeUrl}/`]])
      assert.deepEqual(await provedBy(words, env), { exit: 0, err: '', by: 'HMAC-SHA256', at: storeUrl })
  })

  it('is shown to no other store, which gets a token', async () => {
    const other = 'https://other.config.cardea.internal'
    assert.deepEqual(await provedBy(['--store', 'other'], { ...env, ...identity }), {
      ...{ exit: 0, err: '', by: 'Bearer', at: other },
    })
  })

  it('is refused for another store with the reason, where it is all that there is', async () => {
    const { exit, err, at } = await provedBy(['--store', 'other'], env)
    assert.deepEqual([exit, at], [1, undefined])
    assert.match(
      err,
      /opens https:\/\/demo\.config\.\S+, and not https:\/\/other\.config\.\S+\.\nGive the one of that store/,
    )
  })
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
    assert.equal(out, 'Shop:Database points at the secret db\n')
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), {
      value: JSON.stringify({ uri: `${vaultUrl}/secrets/db` }),
      content_type: reference,
    })
  })

  for (const [what, said, warns] of [
    ['no such secret', { status: 404, body: { error: { code: 'SecretNotFound', message: '' } } }, true],
    ['a secret', { body: { value: [{ id: `${vaultUrl}/secrets/db/1` }] } }, false],
    ['nothing it may tell', { status: 403, body: { error: { code: 'Forbidden', message: 'Not you.' } } }, false],
  ] as const) {
    it(`points at a secret where the vault has ${what}, and reads no value`, async () => {
      const vault: Answers = (request) => (request.url.origin === vaultUrl ? said : answers(request))
      const { exit, err, asked } = await run(['setting', 'set', 'a', '--reference', 'db'], { answers: vault })
      assert.equal(exit, 0)
      assert.deepEqual(asked.map(({ url }) => url.pathname).sort(), ['/kv/a', '/secrets/db/versions'])
      assert.equal(/There is no secret db yet: applications that load this setting will wait/.test(err), warns)
    })
  }

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

describe('setting delete', () => {
  it('deletes one with its label', async () => {
    const { exit, out, asked } = await run(['setting', 'delete', 'a', '--label', 'de'], { answers })
    assert.deepEqual([exit, out], [0, 'a with the label de is deleted\n'])
    assert.deepEqual([asked[0]?.method, asked[0]?.url.searchParams.get('label')], ['DELETE', 'de'])
  })

  it('says that there was none', async () => {
    const { exit, err } = await run(['setting', 'delete', 'a'], { answers: () => ({ status: 204 }) })
    assert.equal(exit, 1)
    assert.match(err, /There is no setting a without a label/)
  })
})

it('a store that is not there is told apart from a setting that is not', async () => {
  const none = await run(['setting', 'show', 'a', '--store', 'nope'])
  assert.deepEqual(
    [none.exit, none.err.split('\n', 1)[0]],
    [1, 'There is no store https://nope.config.cardea.internal.'],
  )
  const list: Answers = ({ url }) => (url.pathname === '/kv' ? { body: { items: [] } } : { status: 404 })
  const { err } = await run(['setting', 'show', 'a'], { answers: list })
  assert.match(err, /There is no setting a without a label/)
})
