import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { bypasses, proxyFrom } from './proxy.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'
import { openTransport } from './transport.ts'

describe('the way to a server', () => {
  it('leads through the proxy that the environment names, but not for hosts it excepts', () => {
    const { proxy, bypass } = proxyFrom({
      https_proxy: 'proxy.test:3128',
      NO_PROXY: 'localhost, .corp.test,*.lab.test b.test:8443',
    })
    assert.equal(proxy?.href, 'http://proxy.test:3128/')
    for (const host of ['localhost', 'a.corp.test', 'corp.test', 'x.lab.test', 'X.LAB.test'])
      assert.ok(bypasses(bypass, host, 443), host)
    for (const host of ['xcorp.test', 'b.test', 'example.com']) assert.ok(!bypasses(bypass, host, 443), host)
    assert.ok(bypasses(bypass, 'b.test', 8443))
    assert.ok(bypasses(['*'], 'anything', 443))
    assert.equal(proxyFrom({ HTTPS_PROXY: 'http://p' }, false).proxy, undefined)
    assert.throws(() => proxyFrom({ HTTPS_PROXY: 'socks5://p' }), { code: 'invalid' })
  })

  it('keeps one tunnel for many requests', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport(azure.clientOptions)
    for (let at = 0; at < 5; at += 1) await transport.send({ url: new URL('/kv', azure.endpoint) })
    assert.deepEqual(azure.server.tunnels, ['shop.config.rude.test:443'])
    transport.close()
  })

  it('leads past the proxy to an excepted host', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport({ ca: azure.server.ca, env: { ...azure.env, NO_PROXY: '127.0.0.1' } })
    const url = new URL(`https://127.0.0.1:${azure.server.port}/kv`)
    // The certificate is for other names: the proof that TLS began without a tunnel.
    await assert.rejects(transport.send({ url }), { code: 'untrusted' })
    assert.deepEqual(azure.server.tunnels, [])
    transport.close()
  })

  it('says when the proxy refuses, or is not there', async () => {
    const proxy = http.createServer((_, response) => response.end())
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const url = new URL('https://shop.config.rude.test/kv')
    const refused = openTransport({ proxy: `http://user:pass@127.0.0.1:${port}` })
    await assert.rejects(refused.send({ url }), { code: 'unreachable', message: /answered 403/ })
    await new Promise((resolve) => proxy.close(resolve))
    await assert.rejects(openTransport({ proxy: `http://127.0.0.1:${port}` }).send({ url }), { code: 'unreachable' })
  })

  it('trusts no certificate that it has no reason to', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport({ env: azure.env })
    const url = new URL('/kv', azure.endpoint)
    await assert.rejects(transport.send({ url }), { code: 'untrusted', message: /NODE_EXTRA_CA_CERTS/ })
  })
})

describe('one request', () => {
  it('ends in time, whether the server says nothing or never finishes', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport({ ...azure.clientOptions, timeoutInMs: 200 })
    const url = new URL('/kv', azure.endpoint)
    azure.server.grudge(/kv/, 'silent', { times: 1 })
    await assert.rejects(transport.send({ url }), { code: 'timeout' })
    const stream = (response: http.ServerResponse) => void response.write('{"items":[')
    azure.server.grudge(/kv/, { status: 200, stream }, { times: 1 })
    await assert.rejects(transport.send({ url }), { code: 'timeout' })
    transport.close()
  })

  it('takes only so much', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport(azure.clientOptions)
    azure.server.grudge(/kv/, { status: 200, body: 'x'.repeat(100_000) })
    const url = new URL('/kv', azure.endpoint)
    await assert.rejects(transport.send({ url, maxBytes: 50_000 }), { code: 'malformed' })
    transport.close()
  })

  it('is given up when asked to', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport(azure.clientOptions)
    azure.server.grudge(/kv/, 'silent')
    const stop = new AbortController()
    const asked = transport.send({ url: new URL('/kv', azure.endpoint), signal: stop.signal })
    setTimeout(() => stop.abort(), 30)
    await assert.rejects(asked, { code: 'closed' })
    transport.close()
  })

  it('is sent again when a resting connection turns out to be dead', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport(azure.clientOptions)
    const url = new URL('/kv', azure.endpoint)
    await transport.send({ url })
    azure.server.grudge(/kv/, 'hang-up', { times: 1 })
    assert.equal((await transport.send({ url })).status, 401)
    transport.close()
  })

  it('follows no redirect: a token isn’t for other places', async () => {
    await using azure = await RudeAzure.open()
    const transport = openTransport(azure.clientOptions)
    azure.server.grudge(/kv/, { status: 302, headers: { location: azure.vault } })
    assert.equal((await transport.send({ url: new URL('/kv', azure.endpoint) })).status, 302)
    assert.equal(azure.server.seen.length, 1)
    transport.close()
  })

  it('waits as long as a busy server asks, in each way it can ask', async () => {
    await using azure = await RudeAzure.open()
    const url = new URL('/kv', azure.endpoint)
    const ways = [
      { 'retry-after': '1' },
      { 'retry-after-ms': '1000' },
      { 'x-ms-retry-after-ms': '1000' },
      { 'retry-after': new Date(Date.now() + 2_500).toUTCString() },
    ]
    for (const headers of ways) {
      const transport = openTransport(azure.clientOptions)
      azure.server.grudge(/kv/, { status: 503, headers: headers as Record<string, string> }, { times: 1 })
      assert.equal((await transport.send({ url })).status, 503)
      await assert.rejects(transport.send({ url }), { code: 'throttled' })
      transport.close()
    }
    assert.equal(azure.server.seen.length, ways.length)
  })
})

describe('a program', () => {
  const run = promisify(execFile)
  const index = new URL('./index.ts', import.meta.url).href

  async function programme(azure: RudeAzure, text: string) {
    const folder = await mkdtemp(join(tmpdir(), 'cardea-'))
    try {
      const [ca, file] = [join(folder, 'ca.pem'), join(folder, 'program.mjs')]
      writeFileSync(ca, azure.server.ca)
      writeFileSync(
        file,
        `import { load } from '${index}'\nconst configuration = await load('${azure.endpoint}')\n${text}\n`,
      )
      const env = { ...azure.env, NODE_EXTRA_CA_CERTS: ca, PATH: process.env.PATH ?? '' }
      return (await run(process.execPath, [file], { env, timeout: 10_000 })).stdout
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it('that has nothing else to do may end, though its configuration is open', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    assert.equal(await programme(azure, "console.log(configuration.get('a'))"), '1\n')
  })

  it('that waits for a change lives until it comes', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    const ended = programme(
      azure,
      'for await (const { current } of configuration.changes()) {\n  console.log(current)\n  break\n}',
    )
    await until('it has loaded', () => azure.server.asked(/^\/kv/).length > 0)
    await pause(300)
    azure.set('a', '2')
    assert.equal(await ended, '2\n')
  })
})
