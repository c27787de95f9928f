import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { farSideOf, proposedBy } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { type Webhook, webhook } from './webhook.ts'

/** A function of somebody's own: it keeps a set of credentials, or one for each target. */
const key = randomBytes(32)
const accepted = new Map<string, string>()
const heard: { step: string; id: string; fence: number; signature: boolean }[] = []
let answers: 'now' | 'later' | 'elsewhere' | 'fenced' | 'lies' | 'contradicts' | 'at length' = 'now'
const deeds = new Map<string, object>()
/** What it answered to each event: told the same once more, it does nothing and says the same. */
const known = new Map<string, object>()

const server = createServer(async (request, answer) => {
  const reply = (status: number, body: object, more = {}) =>
    answer.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body))
  const path = request.url ?? ''
  if (path.startsWith('/status/')) return reply(200, deeds.get(path.slice('/status/'.length)) ?? {})
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body = Buffer.concat(parts).toString('utf8')
  const { 'webhook-id': told, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers
  const wanted = `v1,${createHmac('sha256', key).update(`${told}.${time}.${body}`).digest('base64')}`
  if (signature !== wanted) return reply(401, {})
  if (request.method === 'OPTIONS') return reply(200, {}, { 'cardea-rotation-steps': 'rehearse' })
  const { id, data } = JSON.parse(body)
  heard.push({ step: data.step, id, fence: data.fence, signature: signature === wanted })
  if (data.step === 'rehearse') return reply(200, { checks: [{ what: 'A twin comes and goes.' }] })
  if (answers === 'fenced') return reply(409, {})
  if (answers === 'contradicts') return reply(200, { result: 'valid', error: 'It did not work.' })
  if (answers === 'at length') return pours(answer)
  const place = `${data.target ?? ''} ${data.value}`
  const isNew = !known.has(id)
  if (isNew && data.step === 'apply' && answers !== 'lies') accepted.set(place, data.value)
  if (isNew && data.step === 'retire') accepted.delete(place)
  if (isNew) known.set(id, data.step === 'probe' ? { result: accepted.has(place) ? 'valid' : 'invalid' } : {})
  const result = known.get(id) ?? {}
  if (answers === 'elsewhere') return reply(202, {}, { location: 'http://127.0.0.1:1/status' })
  if (answers !== 'later') return reply(200, result)
  deeds.set(id, result)
  return reply(202, {}, { location: `/status/${id}` })
})
/** Fifty megabytes, as fast as they are taken. */
let poured = 0
function pours(answer: ServerResponse): void {
  const part = Buffer.alloc(64 * 1024, ' ')
  answer.on('error', () => {}).writeHead(200, { 'content-type': 'application/json' })
  poured = 0
  const pour = () => {
    while (poured < 50 * 1024 * 1024 && !answer.destroyed) {
      poured += part.length
      if (!answer.write(part)) return void answer.once('drain', pour)
    }
    answer.end('{"result":"valid"}')
  }
  pour()
}
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
after(() => {
  server.closeAllConnections()
  server.close()
})

const provider = webhook('webhook-set', 'set', { loopback: true })
const secrets = { key: key.toString('base64') }
const bindingAt = (to: number): Webhook =>
  provider.binding.read({ url: `http://127.0.0.1:${to}/rotate`, key: 'key', target: 'billing' }, 'binding')
const place = (): FarSide<Webhook> => ({ ...farSideOf(bindingAt(port), secrets), fence: 7 })
const proposed = (far: FarSide<Webhook>) => proposedBy(provider, far)

providerBehaves(provider, async () => ({
  binding: bindingAt(port),
  secrets,
  farSide: {
    state: async () => [...accepted.keys()].sort(),
    port,
    leadsAnywhere: true,
    administrators: async () => ({ least: secrets, powerless: { key: randomBytes(32).toString('base64') } }),
    at: (to) => ({ binding: bindingAt(to), secrets }),
  },
}))

describe('a function that rotates', () => {
  it('hears a signed event with a fence, whose id is the same when it is told again', async () => {
    const far = place()
    const credential = proposed(far)
    heard.length = 0
    await provider.apply(credential, far)
    await provider.apply(credential, far)
    await provider.apply(proposed(far), far)
    const [one, again, other] = heard
    assert.deepEqual(one, again)
    assert.equal(one?.fence, 7)
    assert.ok(heard.every(({ signature }) => signature))
    assert.notEqual(one?.id, other?.id)
  })

  it('does once more what was undone, though it does each event but once', async () => {
    const far = place()
    const credential = proposed(far)
    const undone = () => accepted.delete(`billing ${credential.value}`)
    assert.equal(await provider.probe(credential, far), 'invalid')
    await provider.apply(credential, far)
    assert.equal(await provider.probe(credential, far), 'valid')
    undone()
    await provider.apply(credential, far)
    assert.equal(await provider.probe(credential, far), 'invalid')
    await provider.apply(credential, { ...far, attempt: '2' })
    assert.equal(await provider.probe(credential, far), 'valid')
    undone()
  })

  it('is reached by TLS, or on this very machine', () => {
    const at = (url: string) => () => provider.binding.read({ url, key: 'key' }, 'binding')
    for (const url of ['https://functions.example/rotate', 'http://localhost:8080/', 'http://[::1]/x']) at(url)()
    for (const url of [
      'http://functions.example/rotate',
      'https://me:pw@functions.example/',
      'https://:pw@functions.example/',
      'https://functions.example/?code=secret',
      'https://functions.example/#there',
      'ftp://functions.example/',
      'functions.example',
    ]) {
      assert.throws(at(url), { name: 'ShapeError', message: /url must be an https:\/\/ URL without user/ }, url)
    }
  })

  it('may take its time', async () => {
    const far = place()
    const credential = proposed(far)
    answers = 'later'
    await provider.apply(credential, far)
    assert.equal(await provider.probe(credential, far), 'valid')
    answers = 'now'
  })

  it('sends nobody elsewhere', async () => {
    const far = place()
    answers = 'elsewhere'
    await assert.rejects(provider.apply(proposed(far), far), /without a Location of its own/)
    answers = 'now'
  })

  it('may refuse a worker who was replaced', async () => {
    const far = place()
    answers = 'fenced'
    await assert.rejects(provider.apply(proposed(far), far), /a later worker/)
    answers = 'now'
  })

  it('is found out when it says that it is done and did nothing', async () => {
    const far = place()
    const credential = proposed(far)
    answers = 'lies'
    await provider.apply(credential, far)
    assert.equal(await provider.probe(credential, far), 'invalid')
    answers = 'now'
  })

  it('is believed neither when it answers a success and an error, nor fifty megabytes, of which few are read', async () => {
    const far = place()
    const credential = proposed(far)
    for (const [manner, said] of [
      ['contradicts', /answered 200 and an error at once/],
      ['at length', /answered more than 65536 bytes/],
    ] as const) {
      answers = manner
      await assert.rejects(provider.apply(credential, far), said)
      assert.equal(await provider.probe(credential, far), 'unknown')
    }
    answers = 'now'
    assert.ok(poured < 10 * 1024 * 1024, `${poured} bytes were taken`)
  })

  it('isn’t told anything with a key that is none', async () => {
    const far = place()
    heard.length = 0
    for (const wrong of ['', 'short', randomBytes(65).toString('base64')]) {
      await assert.rejects(provider.apply(proposed(far), { ...far, secrets: { key: wrong } }), /must be a key of 24/)
    }
    assert.deepEqual(heard, [])
  })
})
