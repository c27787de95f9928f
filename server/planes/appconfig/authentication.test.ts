import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { dropAccessKey } from '#core/access/access-keys.ts'
import { type RunningStore, runningStore, signatureOf, version } from './testing/store.ts'

const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const list = `/kv?${version}`
const invalid = (words: string) => `HMAC-SHA256 error="invalid_token" error_description="${words}", Bearer`
const noToken = 'HMAC-SHA256, Bearer error="invalid_token", error_description="Authorization token failed validation"'

describe('a request signed with an access key', () => {
  it('is answered, whichever separator its client uses', async () => {
    assert.equal((await here.send('GET', list)).status, 200)
    assert.equal((await here.send('GET', list, { separator: ', ' })).status, 200)
  })

  it('may name its date "date", and sign more headers than it must', async () => {
    for (const signedHeaders of ['date;host;x-ms-content-sha256', 'x-ms-date;host;x-ms-content-sha256;host'])
      assert.equal((await here.send('GET', list, { signedHeaders })).status, 200)
  })

  it('may be fourteen minutes early or late, and may date itself as the Python SDK does', async () => {
    for (const minutes of [-14, 14]) {
      const date = new Date(Date.now() + minutes * 60_000).toUTCString()
      assert.equal((await here.send('GET', list, { date })).status, 200)
    }
    const [, day, month, year, time] = new Date().toUTCString().split(' ')
    assert.equal((await here.send('GET', list, { date: `${month}, ${day} ${year} ${time}.535392 GMT` })).status, 200)
  })

  it('is signed over the target as it was sent, however that is spelled', async () => {
    await here.put('a/b', 'v')
    for (const path of ['/kv/a/b', '/kv/a%2Fb', '/kv/%61/b']) {
      const { status, text: body } = await here.send('GET', `${path}?${version}`)
      assert.deepEqual([status, JSON.parse(body).key], [200, 'a/b'])
    }
    assert.equal((await here.send('GET', `/kv/a/b?api%2Dversion=2023-11-01`)).status, 200)
  })

  const hour = 3_600_000
  const bad: [string, Parameters<RunningStore['send']>[2], string][] = [
    ['dated an hour ago', { date: new Date(Date.now() - hour).toUTCString() }, 'The access token has expired'],
    ['dated in an hour', { date: new Date(Date.now() + hour).toUTCString() }, 'The access token has expired'],
    ['dated with words', { date: 'tomorrow' }, 'Invalid access token date'],
    ['dated without a zone', { date: new Date().toISOString().slice(0, 19) }, 'Invalid access token date'],
    ['with an id that nobody has', { key: { id: 'nobody', secret: 'AAAA' } }, 'Invalid Credential'],
    ['with a signature cut short', { spoil: (all) => all.slice(0, -4) }, 'Invalid Signature'],
    ['with a signature of something else', { spoil: () => Buffer.alloc(32).toString('base64') }, 'Invalid Signature'],
    ['without a signature', { spoil: () => '' }, '[Credential][SignedHeaders][Signature] is required'],
    [
      'that leaves its date unsigned',
      { signedHeaders: 'host;x-ms-content-sha256' },
      'x-ms-date is required as a signed header',
    ],
    [
      'that leaves its host unsigned',
      { signedHeaders: 'x-ms-date;x-ms-content-sha256' },
      'host is required as a signed header',
    ],
    [
      'that leaves its body unsigned',
      { signedHeaders: 'x-ms-date;host' },
      'x-ms-content-sha256 is required as a signed header',
    ],
    [
      'that signs a header which is not there',
      { signedHeaders: 'x-ms-date;host;x-ms-content-sha256;x-"gone' },
      "Signed request header 'x-?gone' is not provided",
    ],
  ]
  for (const [name, sent, words] of bad) {
    it(`${name} is refused, and told why`, async () => {
      const { status, headers, text: body } = await here.send('GET', list, sent ?? {})
      assert.deepEqual([status, headers['www-authenticate'], body], [401, invalid(words), ''])
    })
  }

  it('with another secret, target, method or host than was signed is refused', async () => {
    const other = { id: here.key.id, secret: Buffer.alloc(32).toString('base64') }
    assert.equal((await here.send('GET', list, { key: other })).status, 401)
    const headers = signatureOf('GET', list, here.host, '', here.key)
    assert.equal((await here.plain('GET', list, headers)).status, 200)
    assert.equal((await here.plain('GET', `${list}&key=a`, headers)).status, 401)
    assert.equal((await here.plain('HEAD', list, headers)).status, 401)
    assert.equal((await here.plain('GET', list, { ...headers, host: `${here.host}:443` })).status, 401)
  })

  it('that carries another body than was signed is refused, and changes nothing', async () => {
    const { status, headers } = await here.send('PUT', `/kv/swapped?${version}`, {
      body: { value: 'evil' },
      signedBody: '{"value":"good"}',
    })
    assert.deepEqual([status, headers['www-authenticate']], [401, invalid('Invalid request content hash')])
    assert.equal((await here.send('GET', `/kv/swapped?${version}`)).status, 404)
  })

  it('with the host and its port, as it was sent, is answered', async () => {
    assert.equal((await here.send('GET', list, { host: `${here.host}:8443` })).status, 200)
  })
})

describe('a request without a credential that we know', () => {
  it('is told both ways to prove oneself, and nothing else', async () => {
    await here.put('counted', 'v')
    const unknown = ['', 'Basic YTpi', 'constructor x', '__proto__ x', 'toString'].map((authorization) => ({
      authorization,
    }))
    for (const headers of [{}, ...unknown]) {
      for (const path of [list, '/kv/a?', '/nothing/here']) {
        const { status, text: body, headers: said } = await here.plain('GET', path, headers)
        assert.deepEqual([status, said['www-authenticate'], body], [401, 'HMAC-SHA256, Bearer', ''])
        assert.match(String(said['sync-token']), /^([^=]+)=([^;]+);sn=0$/)
      }
    }
  })
})

describe('a read-only key', () => {
  it('reads, and may not write or delete', async () => {
    const key = await here.addKey(here.store, true)
    await here.put('shown', 'v')
    assert.equal((await here.send('GET', `/kv/shown?${version}`, { key })).status, 200)
    const path = `/kv/shown?${version}`
    const put = await here.send('PUT', path, { key, body: { value: 'w' } })
    assert.equal(put.status, 403)
    assert.match(String(put.headers['content-type']), /^application\/problem\+json/)
    assert.equal((await here.send('DELETE', path, { key })).status, 403)
  })
})

describe('a key that was taken away', () => {
  it('proves nothing from that moment on', async () => {
    const key = await here.addKey(here.store, false)
    assert.equal((await here.send('GET', list, { key })).status, 200)
    const { base } = here.house.cardea
    await base.database.write((turn) => dropAccessKey(turn, key.id))
    const { status, headers } = await here.send('GET', list, { key })
    assert.deepEqual([status, headers['www-authenticate']], [401, invalid('Invalid Credential')])
  })
})

describe('two stores', () => {
  it('do not open to each other’s keys', async () => {
    const other = await here.another('other')
    assert.equal((await here.send('GET', list, { host: other.host, key: other.key })).status, 200)
    for (const [host, key] of [
      [other.host, here.key],
      [here.host, other.key],
    ] as const) {
      const { status, headers } = await here.send('GET', list, { host, key })
      assert.deepEqual([status, headers['www-authenticate']], [401, invalid('Invalid Credential')])
    }
  })

  it('do not open to tokens that were made for the other', async () => {
    const other = await here.another('second')
    const token = await here.house.developerToken(`https://${here.host}`)
    const authorization = `Bearer ${token}`
    assert.equal((await here.plain('GET', list, { authorization })).status, 200)
    const { status, headers } = await here.plain('GET', list, { authorization, host: other.host })
    assert.deepEqual([status, headers['www-authenticate']], [401, noToken])
  })

  it('that is not there is not found, by those who proved who they are', async () => {
    const host = `nowhere.config.cardea.internal`
    const authorization = `Bearer ${await here.house.developerToken('https://azconfig.io')}`
    assert.equal((await here.plain('GET', list, { authorization, host })).status, 404)
    assert.equal((await here.plain('GET', list, { host })).status, 401)
  })
})

describe('an Entra token', () => {
  it('is taken for every audience that clients ask for', async () => {
    const domain = 'cardea.internal'
    for (const audience of [
      `https://demo.config.${domain}`,
      `https://demo.config.${domain}:8443`,
      `https://demo.config.${domain}/`,
      `https://config.${domain}`,
      'https://appconfig.azure.com',
      'https://appconfig.azure.us',
      'https://appconfig.azure.cn',
      'https://azconfig.io',
    ]) {
      const authorization = `Bearer ${await here.house.developerToken(audience)}`
      assert.equal((await here.plain('GET', list, { authorization })).status, 200, audience)
    }
  })

  it('is refused for any other audience, and when it is none at all', async () => {
    const domain = 'cardea.internal'
    for (const audience of [`https://vault.${domain}`, `https://demo.vault.${domain}`, 'https://vault.azure.net']) {
      const authorization = `Bearer ${await here.house.developerToken(audience)}`
      const { status, headers } = await here.plain('GET', list, { authorization })
      assert.deepEqual([status, headers['www-authenticate']], [401, noToken], audience)
    }
    const { status, headers } = await here.plain('GET', list, { authorization: 'Bearer not.a.token' })
    assert.deepEqual([status, headers['www-authenticate']], [401, noToken])
  })
})

it('the journal names the key that acted, and the setting that it acted on', async () => {
  await here.put('audited', 'v', '&label=prod')
  const { rows } = await here.house.cardea.base.database.read.run(
    "select operation, resource, caller, outcome from audit where resource like '%audited%' order by at, number",
    [],
  )
  assert.deepEqual(
    rows.map((row) => ({ ...(row as object) })),
    [
      {
        operation: 'KeyValuePut',
        resource: `${here.store.resourceId}/keyValues/audited$prod`,
        caller: `access-key:${here.key.id}`,
        outcome: 'done',
      },
    ],
  )
})
