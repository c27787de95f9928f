import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as dialPlain, type Socket } from 'node:net'
import { after, afterEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { createLog } from '#base/log.ts'
import { type Deed, openHouse } from '../../testing/house.ts'

/** HTTP/1.1 as no library would send it: what one reader takes for a request and the next for a body ends in the wrong hands. */
const failures: string[] = []
const log = createLog('error', { write: (line) => void failures.push(line) })
const house = await openHouse({ log, env: { CARDEA_METRICS_PORT: '0' } })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
/** The token of somebody who has no rights here. */
const other = await (await house.newcomer('other')).token()
const ca = readFileSync(house.cardea.caFile as string, 'utf8')
await house.ask(house.vaultHost, 'PUT', '/secrets/db?api-version=7.4', { token, body: { value: 'open sesame' } })
afterEach(async () => {
  assert.equal((await house.ask(house.vaultHost, 'GET', '/.cardea/health')).status, 200)
  assert.deepEqual(failures.splice(0), [], 'nothing of this is a failure of ours')
})

/** A connection that the client never ends. */
const dial = async (): Promise<TLSSocket> => (await dialBoth()).socket

async function dialBoth(): Promise<{ plain: Socket; socket: TLSSocket }> {
  const { port } = house.cardea
  const plain = dialPlain({ host: '127.0.0.1', port, allowHalfOpen: true }).on('error', () => {})
  const secure = { socket: plain, allowHalfOpen: true, servername: house.vaultHost, ca }
  const socket = connect(secure)
  socket.on('error', () => {})
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5_000) })
  return { plain, socket }
}

type Answered = { readonly status: number; readonly body: string }

/** All that is answered until the server ends the connection, one after the other. */
async function answersTo(text: string): Promise<Answered[]> {
  const socket = await dial()
  let heard = ''
  socket.on('data', (part) => {
    heard += part.toString('latin1')
  })
  socket.write(Buffer.from(text, 'latin1'))
  if (!socket.readableEnded && !socket.closed)
    await Promise.race(['end', 'close'].map((end) => once(socket, end, { signal: AbortSignal.timeout(5_000) })))
  socket.destroy()
  return answersIn(heard)
}

function answersIn(heard: string): Answered[] {
  const answers: Answered[] = []
  for (let rest = heard; rest !== ''; ) {
    const [, head = '', status] = /^(HTTP\/1\.1 (\d{3}) .*?\r\n\r\n)/s.exec(rest) ?? []
    assert.ok(status !== undefined, `an answer begins with ${JSON.stringify(rest.slice(0, 80))}`)
    // What Node itself refuses is an empty chunk.
    const length = /^transfer-encoding: chunked\r$/im.test(head)
      ? '0\r\n\r\n'.length
      : Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0)
    answers.push({ status: Number(status), body: rest.slice(head.length, head.length + length) })
    rest = rest.slice(head.length + length)
  }
  return answers
}

const statuses = async (text: string): Promise<number[]> => (await answersTo(text)).map(({ status }) => status)

/** What was journalled of it: as much as is due, though what breaks off is known as such only when its connection has ended. */
async function deedsOf(due: number, act: () => Promise<unknown>): Promise<Deed[]> {
  const before = (await house.deeds()).length
  await act()
  for (const end = Date.now() + 3_000; ; await wait(10)) {
    const deeds = (await house.deeds()).slice(before)
    if (deeds.length >= due || Date.now() > end) return deeds
  }
}

const path = '/secrets/db?api-version=7.4'
const bearer = (whose: string) => `Authorization: Bearer ${whose}\r\n`
/** A reading of the secret; it ends the connection unless `last` says otherwise. */
const get = ({ target = path, host = `Host: ${house.vaultHost}\r\n`, auth = bearer(token), more = '', last = true }) =>
  `GET ${target} HTTP/1.1\r\n${host}${auth}${more}${last ? 'Connection: close\r\n' : ''}\r\n`
const value = '{"value":"x"}'
const size = value.length.toString(16)
/** A setting of a secret, with the headers and the body of it as they are said. */
const put = (name: string, headers: string, body: string) =>
  `PUT /secrets/${name}?api-version=7.4 HTTP/1.1\r\nHost: ${house.vaultHost}\r\n${bearer(token)}Content-Type: application/json\r\n${headers}\r\n${body}`
const nameless = async (name: string) =>
  assert.equal((await house.ask(house.vaultHost, 'GET', `/secrets/${name}?api-version=7.4`, { token })).status, 404)

describe('a request whose end is in doubt', () => {
  const lengths: Record<string, string> = {
    'a length, and chunks': `Content-Length: ${value.length}\r\nTransfer-Encoding: chunked\r\n`,
    'chunks, and a length': `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`,
    'two lengths': `Content-Length: ${value.length}\r\nContent-Length: 4\r\n`,
    'one length twice': `Content-Length: ${value.length}\r\nContent-Length: ${value.length}\r\n`,
    'a list of lengths': `Content-Length: ${value.length}, ${value.length}\r\n`,
    'a length with a sign': `Content-Length: +${value.length}\r\n`,
    'a length below nothing': 'Content-Length: -1\r\n',
    'a length in sixteens': `Content-Length: 0x${size}\r\n`,
    'a length beyond all numbers': 'Content-Length: 99999999999999999999\r\n',
    'a length in two': 'Content-Length: 1 3\r\n',
    'no length': 'Content-Length: \r\n',
    'chunks with a space before their colon': 'Transfer-Encoding : chunked\r\n',
    'a length with a space before its colon': `Content-Length : ${value.length}\r\n`,
    'a coding behind a tab of another kind': 'Transfer-Encoding: \u000bchunked\r\n',
    'chunks inside of another coding': 'Transfer-Encoding: chunked, gzip\r\n',
    'chunks twice': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'chunks, and no coding': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    'a coding on the next line': 'Transfer-Encoding:\r\n chunked\r\n',
  }
  /** Here the head is whole, so that something was asked. */
  const codings: Record<string, string> = {
    'an unknown coding': 'Transfer-Encoding: xchunked\r\n',
    'no coding': 'Transfer-Encoding: identity\r\n',
  }
  for (const [name, headers] of Object.entries({ ...lengths, ...codings })) {
    it(`is refused, and so is what follows it: ${name}`, async () => {
      // Whoever believed one of the two lengths would read the secret here.
      for (const body of [`0\r\n\r\n${get({})}`, `${value}${get({})}`, `${size}\r\n${value}\r\n0\r\n\r\n${get({})}`]) {
        const due = name in codings ? ['SecretSet invalid'] : []
        const deeds = await deedsOf(due.length, async () =>
          assert.deepEqual(await statuses(put('doubt', headers, body)), [400]),
        )
        assert.deepEqual(
          deeds.map(({ operation, outcome }) => `${operation} ${outcome}`),
          due,
        )
      }
      await nameless('doubt')
    })
  }

  it('gives away nothing where no body was wanted', async () => {
    for (const more of Object.values(codings)) {
      // The secret is read, and that is journalled, before anybody knows; it doesn't leave.
      const [deed] = await deedsOf(1, async () => {
        const [answer, ...others] = await answersTo(get({ more, last: false }) + get({}))
        assert.deepEqual([answer?.status, answer?.body, others], [400, '', []])
      })
      assert.equal(deed?.operation, 'SecretGet')
    }
  })

  const chunks: Record<string, string> = {
    'a size beyond all numbers': `ffffffffffffffffff\r\n${value}\r\n0\r\n\r\n`,
    'a size below nothing': `-${size}\r\n${value}\r\n0\r\n\r\n`,
    'a size with its base': `0x${size}\r\n${value}\r\n0\r\n\r\n`,
    'a size and a space': `${size} \r\n${value}\r\n0\r\n\r\n`,
    'no size': `\r\n${value}\r\n0\r\n\r\n`,
    'a size that is too small': `5\r\n${value}\r\n0\r\n\r\n`,
    'lines that end with LF': `${size}\n${value}\n0\n\n`,
    'an extension that ends with LF': `${size};a\n${value}\r\n0\r\n\r\n`,
    'extensions without end': `${size};${'a'.repeat(20_000)}\r\n${value}\r\n0\r\n\r\n`,
  }
  for (const [name, body] of Object.entries(chunks)) {
    it(`is refused, and so is what follows it: chunks with ${name}`, async () => {
      const text = put('chunks', 'Transfer-Encoding: chunked\r\n', body + get({}))
      const [deed, ...more] = await deedsOf(1, async () => assert.deepEqual(await statuses(text), [400]))
      assert.deepEqual([deed?.operation, deed?.outcome, more.length], ['SecretSet', 'invalid', 0])
      await nameless('chunks')
    })
  }

  it('is something else than a request in chunks with extensions and trailers, which change nothing', async () => {
    const trailers = `Host: evil.example\r\n${bearer(other)}`
    const body = `${size};name="a value";more\r\n${value}\r\n0\r\n${trailers}\r\n${get({})}`
    const [set, read] = await answersTo(put('trailed', 'Transfer-Encoding: chunked\r\n', body))
    assert.deepEqual([set?.status, read?.status], [200, 200])
    assert.match(read?.body ?? '', /open sesame/)
  })
})

describe('a head that isn’t one', () => {
  const host = () => `Host: ${house.vaultHost}\r\n`
  const heads: Record<string, () => string> = {
    'a folded header': () => get({ more: 'X-Folded: a\r\n b\r\n' }),
    'a folded first header': () => get({ host: ` ${host()}` }),
    'a folded token': () => get({ auth: bearer(token).replace('Bearer ', 'Bearer\r\n ') }),
    'lines that end with LF': () => get({}).replaceAll('\r\n', '\n'),
    'one line that ends with LF': () => get({ host: host().replace('\r', '') }),
    'an end of LF': () => get({}).replace(/\r\n$/, '\n'),
    'a CR inside of a line': () => get({ more: 'X-Long: a\rX-Other: b\r\n' }),
    'a space before a colon': () => get({ host: host().replace(':', ' :') }),
    'a header without a name': () => get({ more: ': x\r\n' }),
    'NUL in a header': () => get({ more: 'X-Long: a\0b\r\n' }),
    'NUL in its target': () => get({ target: '/secrets/d\0b?api-version=7.4' }),
    'a space in its target': () => get({ target: '/secrets/d b?api-version=7.4' }),
    'a letter of eight bits in its target': () => get({ target: '/secrets/d\u00e9b?api-version=7.4' }),
    'a target without a slash': () => get({ target: path.slice(1) }),
    'an unknown method': () => get({}).replace('GET', 'FROB'),
    'a method in lower case': () => get({}).replace('GET', 'get'),
    'an unknown version': () => get({}).replace('HTTP/1.1', 'HTTP/1.2'),
    'the greeting of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no host': () => get({ host: '' }),
  }
  for (const [name, text] of Object.entries(heads)) {
    it(`is refused with all that follows it: ${name}`, async () => {
      const deeds = await deedsOf(0, async () => assert.deepEqual(await statuses(text() + get({})), [400]))
      assert.deepEqual(deeds, [], 'nothing was asked')
    })
  }

  it('is too long', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `a${index}: \r\n`).join('')
    for (const text of [
      get({ target: `/secrets/${'a'.repeat(40_000)}` }),
      get({ more: `X-Long: ${'x'.repeat(40_000)}\r\n` }),
      get({ more: many }),
      put(
        'long',
        'Transfer-Encoding: chunked\r\n',
        `${size}\r\n${value}\r\n0\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
      ),
    ]) {
      assert.deepEqual(await statuses(text), [431])
    }
    // A header behind many others counts as one before them.
    const some = Array.from({ length: 300 }, (_, index) => `a${index}: \r\n`).join('')
    assert.deepEqual(await statuses(get({ auth: some + bearer(token) })), [200])
  })

  it('has a name in it that is too long, or NUL', async () => {
    for (const name of ['a'.repeat(20_000), 'd%00b']) {
      const [deed] = await deedsOf(1, async () =>
        assert.deepEqual(await statuses(get({ target: `/secrets/${name}?api-version=7.4` })), [400]),
      )
      assert.equal(deed?.outcome, 'invalid')
    }
    assert.deepEqual(await statuses(get({ target: `${path}&more=${'a'.repeat(20_000)}` })), [200])
  })
})

describe('whose host is', () => {
  const ours = (change: (host: string) => string) => () => `Host: ${change(house.vaultHost)}\r\n`
  const hosts: Record<string, readonly [() => string, number]> = {
    'in upper case': [ours((host) => host.toUpperCase()), 200],
    'followed by a port': [ours((host) => `${host}:8443`), 200],
    'followed by no port': [ours((host) => `${host}:`), 200],
    'followed by a dot': [ours((host) => `${host}.`), 200],
    'followed by a dot and a port': [ours((host) => `${host}.:443`), 200],
    'followed by spaces': [ours((host) => `${host} \t`), 200],
    'followed by two ports': [ours((host) => `${host}:1:2`), 400],
    'followed by two dots': [ours((host) => `${host}..`), 400],
    'followed by a path': [ours((host) => `${host}/x`), 400],
    'somebody’s at it': [ours((host) => `user@${host}`), 400],
    'before another': [ours((host) => `${host}@evil.example`), 400],
    'the beginning of another': [ours((host) => `${host}.evil.example`), 404],
    'one of a list': [ours((host) => `${host}, evil.example`), 400],
    'in two': [ours((host) => host.replace('.', ' .')), 400],
    'said twice': [ours((host) => `${host}\r\nHost: ${host}`), 400],
    'said twice, and the second is another': [ours((host) => `${host}\r\nHost: other.${host}`), 400],
    'said twice, and the first is another': [ours((host) => `evil.example\r\nHost: ${host}`), 400],
    empty: [() => 'Host: \r\n', 400],
    'nobody’s': [() => 'Host: evil.example\r\n', 404],
    'an address': [() => 'Host: [::1]:8443\r\n', 404],
  }
  for (const [name, [host, status]] of Object.entries(hosts)) {
    it(`${name}: ${status}`, async () => {
      const due = status === 200 ? ['done'] : []
      const deeds = await deedsOf(due.length, async () =>
        assert.deepEqual(await statuses(get({ host: host() })), [status]),
      )
      assert.deepEqual(
        deeds.map(({ outcome }) => outcome),
        due,
      )
    })
  }

  it('in the target, too: that one counts, whatever the header says', async () => {
    const { vaultHost, storeHost } = house
    assert.match((await answersTo(get({ target: `https://${vaultHost}${path}` })))[0]?.body ?? '', /open sesame/)
    const elsewhere = 'Host: evil.example\r\n'
    assert.deepEqual(await statuses(get({ target: `HTTPS://${vaultHost}:443${path}`, host: elsewhere })), [200])
    for (const host of ['evil.example', `user@${vaultHost}`, '', `${vaultHost}@evil.example`, storeHost]) {
      const [answer] = await answersTo(get({ target: `https://${host}${path}` }))
      assert.ok((answer?.status ?? 0) >= 400 && (answer?.status ?? 0) < 500, `${host}: ${answer?.status}`)
      assert.doesNotMatch(answer?.body ?? '', /sesame/)
    }
    // Where the rest of a path is a name, the host is no part of it.
    const auth = bearer(await house.developerToken(`https://${storeHost}`))
    const setting = `PUT https://${storeHost}/kv/a%2Fb?api-version=1.0 HTTP/1.1\r\nHost: ${vaultHost}\r\n${auth}`
    const [set] = await answersTo(
      `${setting}Content-Type: application/json\r\nContent-Length: ${value.length}\r\nConnection: close\r\n\r\n${value}`,
    )
    assert.equal(JSON.parse(set?.body ?? '').key, 'a/b')
  })
})

describe('requests on one connection', () => {
  it('are answered in their order, each by what its own caller may do', async () => {
    const anonymous = { auth: '', last: false }
    const stranger = { auth: bearer(other), last: false }
    const text = [get({ last: false }), get(anonymous), get(stranger), get({ last: false }), get({ auth: bearer('x') })]
    const deeds = await deedsOf(25, async () => {
      for (let round = 0; round < 5; round += 1) {
        const answers = await answersTo(text.join(''))
        assert.deepEqual(
          answers.map(({ status, body }) => [status, body.includes('open sesame')]),
          [
            [200, true],
            [401, false],
            [403, false],
            [200, true],
            [401, false],
          ],
        )
      }
    })
    const outcomes = deeds.map(({ outcome }) => outcome).sort()
    assert.deepEqual(
      [...new Set(outcomes)].map((one) => [one, outcomes.filter((outcome) => outcome === one).length]),
      [
        ['done', 10],
        ['forbidden', 5],
        ['unauthenticated', 10],
      ],
    )
  })

  it('are answered before a malformed one that follows them is refused', async () => {
    for (const odd of ['what is this\r\n\r\n', get({ more: 'Bad Header: x\r\n' }), 'CONNECT a:443 HTTP/1.1\r\n\r\n']) {
      const answers = await answersTo(get({ last: false }) + get({ auth: '', last: false }) + odd + get({}))
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 401, 400],
        odd,
      )
      assert.match(answers[0]?.body ?? '', /open sesame/)
    }
  })

  it('begin behind the body that a reading has no use for', async () => {
    for (const [more, body] of [
      [`Content-Length: ${value.length}\r\n`, value],
      ['Transfer-Encoding: chunked\r\n', `${size}\r\n${value}\r\n0\r\n\r\n`],
      // What is in a body is no request, whatever it looks like.
      [`Content-Length: ${get({}).length}\r\n`, get({})],
    ] as const) {
      const answers = await answersTo(get({ more, last: false }) + body + get({ auth: '' }))
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 401],
      )
    }
  })

  it('begin behind the body of one that was refused before it was read', async () => {
    const hidden = get({ last: false })
    const anonymous = put('refused', `Content-Length: ${hidden.length}\r\n`, hidden).replace(bearer(token), '')
    assert.deepEqual(await statuses(anonymous + get({ auth: '' })), [401, 401])
    const large = hidden.repeat(1 + Math.ceil(2_000_000 / hidden.length))
    assert.deepEqual(await statuses(put('refused', `Content-Length: ${large.length}\r\n`, large) + get({})), [413, 200])
    await nameless('refused')
  })

  it('have one token each', async () => {
    for (const auth of [bearer(token) + bearer(other), bearer(other) + bearer(token)])
      assert.deepEqual(await statuses(get({ auth })), [401])
  })
})

describe('a request that', () => {
  it('waits to be told to go on is told so, and answered', async () => {
    const socket = await dial()
    try {
      socket.write(
        put('awaited', `Content-Length: ${value.length}\r\nExpect: 100-continue\r\nConnection: close\r\n`, ''),
      )
      const [first] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })
      assert.match(String(first), /^HTTP\/1\.1 100 /)
      socket.write(value)
      const [second] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })
      assert.match(String(second), /^HTTP\/1\.1 200 /)
    } finally {
      socket.destroy()
    }
    const expecting = `Content-Length: ${value.length}\r\nExpect: a miracle\r\nConnection: close\r\n`
    assert.deepEqual(await statuses(put('miracle', expecting, value)), [417])
    await nameless('miracle')
  })

  it('is of HTTP/1.0 is answered, once, and needs to name a host all the same', async () => {
    const old = (text: string) => text.replace('HTTP/1.1', 'HTTP/1.0')
    assert.deepEqual(await statuses(old(get({ last: false })) + get({})), [200])
    assert.deepEqual(await statuses(old(get({ host: '' }))), [400])
  })

  it('wants a tunnel gets none here', async () => {
    for (const to of [`${house.vaultHost}:443`, 'evil.example:443', '127.0.0.1:1'])
      assert.deepEqual(await statuses(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n${get({})}`), [400])
  })

  it('wants another protocol is refused, with what follows it', async () => {
    for (const to of ['websocket', 'h2c', 'TLS/1.3']) {
      const more = `Connection: Upgrade\r\nUpgrade: ${to}\r\n`
      assert.deepEqual(await statuses(get({ more, last: false }) + get({ auth: '' })), [400])
      const body = `${more}Content-Length: ${value.length}\r\n`
      assert.deepEqual(await statuses(get({ last: false }) + put('upgraded', body, value) + get({})), [200, 400])
    }
    await nameless('upgraded')
  })

  it('is refused as malformed leaves no connection behind, though its client never ends it', async () => {
    const open = async () => {
      const text = await (await fetch(`http://127.0.0.1:${house.cardea.metricsPort}/metrics`)).text()
      return Number(/^cardea_connections_open (\d+)$/m.exec(text)?.[1])
    }
    const before = await open()
    const sockets = await Promise.all(
      [
        'what is this\r\n\r\n',
        'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
        get({ last: false }) + get({ host: '' }),
      ].map(async (text) => {
        const socket = await dial()
        socket.resume().write(text)
        return socket
      }),
    )
    const end = Date.now() + 5_000
    while ((await open()) > before) {
      assert.ok(Date.now() < end, 'the connections are open still')
      await wait(50)
    }
    for (const socket of sockets) socket.destroy()
  })

  it('is refused whose client is gone already ends nothing but itself', async () => {
    const texts = [
      'what is this\r\n\r\n',
      'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
      get({ more: 'Connection: Upgrade\r\nUpgrade: h2c\r\n', last: false }),
      put('gone', `Content-Length: ${value.length}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n`, '{'),
      `GET /.cardea/health HTTP/1.1\r\nHost: ${house.vaultHost}\r\n\r\nCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`,
    ]
    for (let round = 0; round < 40; round += 1) {
      const ends = texts.map(async (text) => {
        const { plain, socket } = await dialBoth()
        socket.write(text)
        await wait(round % 4)
        plain.resetAndDestroy()
        socket.destroy()
      })
      await Promise.all(ends)
    }
    await nameless('gone')
  })

  it('ends in the middle of its body is journalled as malformed, and is no failure of ours', async () => {
    const deeds = await deedsOf(2, async () => {
      for (const text of [
        put('half', 'Content-Length: 1000\r\n', '{"value":"ha'),
        `POST /adfs/oauth2/v2.0/token HTTP/1.1\r\nHost: ${house.loginHost}\r\nContent-Length: 1000\r\n\r\ngrant_type=`,
      ]) {
        const socket = await dial()
        socket.write(text)
        await wait(100)
        socket.destroy()
      }
    })
    assert.deepEqual(
      deeds.map(({ outcome }) => outcome),
      ['invalid', 'invalid'],
    )
    const text = await (await fetch(`http://127.0.0.1:${house.cardea.metricsPort}/metrics`)).text()
    assert.match(text, /^Availability 100$/m)
  })
})
