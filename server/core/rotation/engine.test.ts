import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomValue } from '@cardea/providers/random/random-value'
import { pino } from 'pino'
import { openRotating } from '../../testing/rotating.ts'
import { currentValue, fake, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('a secret that is bound', () => {
  it('gets its first version from its first rotation, if it has none', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    const bound = await here.bind('db', fake)
    assert.equal(bound.status, 200)
    assert.equal(bound.json.secret, 'db')
    const { version } = await here.reaches('db', 'done')
    const { json } = await here.get('db')
    assert.equal(json.id.split('/').at(-1), version)
    assert.deepEqual(json.tags, { CredentialId: 'a' })
    assert.ok(far.accepts(json.value))
    assert.deepEqual(far.heard, ['apply a', 'probe a'])
  })

  it('is published within a fraction of a second of being due', async () => {
    await using open = await withFarSide()
    const { here } = open
    const since = performance.now()
    await here.bind('db', fake)
    await here.until('there is a version', async () => (await here.get('db')).status === 200)
    assert.ok(performance.now() - since < 1_000)
  })

  it('alternates between its slots, and the old credential is refused once a rotation is done', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    for (const slot of ['b', 'a', 'b']) {
      const old = await currentValue(here)
      const { rotation } = await here.rotate('db')
      assert.equal(rotation?.reason, 'on-demand')
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, rotation?.id)
      const { json } = await here.get('db')
      assert.equal(json.tags.CredentialId, slot)
      assert.ok(far.accepts(json.value))
      assert.ok(!far.accepts(old))
    }
  })

  it('keeps the old credential if it isn’t to be scrubbed', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, scrub: false })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.ok(far.accepts(old))
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('leaves a value alone that isn’t of the provider’s making', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.set('db', 'by hand')
    await here.bind('db', fake)
    assert.equal((await here.show('db')).rotation, null)
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.equal((await here.get('db')).json.tags.CredentialId, 'a')
    assert.ok(!far.heard.some((heard) => heard.startsWith('retire')))
  })

  it('keeps content type, tags, and how long a version lives', async () => {
    await using open = await withFarSide()
    const { here } = open
    const now = Math.floor(Date.now() / 1000)
    await here.set('db', 'by hand', {
      contentType: 'application/x-uri',
      tags: { owner: 'shop' },
      attributes: { exp: now + 86_400 },
    })
    await here.bind('db', fake)
    await here.rotate('db')
    await here.reaches('db', 'done')
    const { json } = await here.get('db')
    assert.equal(json.contentType, 'application/x-uri')
    assert.deepEqual(json.tags, { owner: 'shop', CredentialId: 'a' })
    assert.ok(Math.abs(json.attributes.exp - now - 86_400) <= 5)
  })

  it('rotates by itself, again and again', async () => {
    let ahead = 0
    await using open = await withFarSide('slots', { clock: () => Date.now() + ahead })
    const { here } = open
    await here.bind('db', { ...fake, intervalSeconds: 600 })
    await here.reaches('db', 'done')
    const seen = new Set([await versionOf(here)])
    for (let turn = 0; turn < 3; turn += 1) {
      const { due } = await here.show('db')
      const lead = (due ?? 0) * 1000 - (Date.now() + ahead)
      assert.ok(lead > 590_000 && lead < 600_000, String(lead))
      ahead += 600_000
      // Any commit makes the worker look at the clock.
      await here.set('other', 'x')
      const before = [...seen].at(-1)
      await here.until('it has rotated', async () => (await versionOf(here)) !== before)
      await here.reaches('db', 'done')
      seen.add(await versionOf(here))
    }
    assert.equal(seen.size, 4)
  })

  it('is shown without a value, and so are its logs, its errors and its events', async () => {
    const said: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void said.push(line) })
    await using open = await withFarSide('slots', { log }, 'admin')
    const { here, far } = open
    far.adminPassword = 'the-admin-password'
    await here.set('admin', 'the-admin-password')
    far.losesAnswers = true
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.up = false
    await here.rotate('db')
    await here.until('it has failed', async () => (await here.show('db')).rotation?.lastError !== null)
    said.push(JSON.stringify(await here.show('db')))
    far.up = true
    await here.reaches('db', 'done')
    const { base } = here.house.cardea
    for (const table of ['rotation', 'change', 'audit', 'event_delivery', 'due']) {
      said.push(JSON.stringify((await base.database.read.run(`select * from ${table}`, [])).rows))
    }
    assert.ok(far.values.size >= 2)
    for (const value of [...far.values, 'the-admin-password']) assert.ok(!said.join('').includes(value))
  })
})

describe('a value that no far side has to hear of', () => {
  it('is simply made anew', async () => {
    await using here = await openRotating()
    await here.bind('session-key', {
      provider: 'random',
      binding: { length: 40, prefix: 'sk_' },
      intervalSeconds: null,
    })
    await here.reaches('session-key', 'done')
    const first = await currentValue(here, 'session-key')
    assert.match(first, /^sk_[A-Za-z0-9]{40}$/)
    await here.rotate('session-key')
    await here.reaches('session-key', 'done')
    assert.notEqual(await currentValue(here, 'session-key'), first)
    assert.equal(randomValue.kind, 'single')
  })
})
