import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kind } from '@cardea/contract/rotation/provider'
import { providersWith } from '@cardea/providers/providers'
import { onBothEngines } from '../../testing/engines.ts'
import { openRotating, type Rotating } from '../../testing/rotating.ts'
import { currentValue, fake, holding, versionOf, withFarSide } from '../../testing/with-far-side.ts'

/** A secret that has leaked once, at a target that can't end what the leaked value has opened. */
async function unended({ here, far }: Awaited<ReturnType<typeof withFarSide>>) {
  await here.bind('db', fake)
  await here.reaches('db', 'done')
  const before = await currentValue(here)
  far.endsNothing = true
  const emergency = async () => {
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    assert.equal(heard.status, 202, heard.text)
    return heard.json.rotation as { readonly id: string }
  }
  const first = await emergency()
  await here.until('it says why it isn’t over', async () =>
    /to end sessions/.test(String((await here.show('db')).rotation?.lastError)),
  )
  const leaked: [string, string, ...string[]] = [before, await currentValue(here)]
  assert.notEqual(leaked[1], before)
  return { first, leaked, emergency }
}

/** The rotations that still keep a value. */
const keptValues = (here: Rotating) =>
  here.house.cardea.base.database.read
    .run('select id from rotation where candidate is not null or previous is not null', [])
    .then(({ rows }) => rows)

describe('an emergency', () => {
  it('waits for nobody, and takes the leaked credential away though the policy would keep it', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600, scrub: false })
    await here.reaches('db', 'done')
    const [old, version] = [await currentValue(here), await versionOf(here)]
    await here.report('slow', { db: version })
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    assert.equal(heard.status, 202, heard.text)
    assert.equal(heard.json.rotation.reason, 'emergency')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('makes a rotation haste that waits for consumers', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    const { rotation } = await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    const done = await here.reaches('db', 'done')
    assert.equal(done.id, rotation?.id)
    assert.ok(!far.accepts(old))
  })

  it('has what the old credential opened ended, where a target has but one at a time', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    await here.rotate('db')
    await here.reaches('db', 'done')
    const retired = () => far.heard.filter((heard) => heard === 'retire x').length
    assert.equal(retired(), 0)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    await here.reaches('db', 'done')
    assert.equal(retired(), 1)
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('isn’t over while the only credential’s old value is still let in, says so, and then ends what that has opened', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', { ...fake, binding: { places: ['fake here x'] } })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.remembered.add(old)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    await here.until('it was asked for again', async () => ((await here.show('db')).rotation?.attempt ?? 0) >= 3)
    const { rotation } = await here.show('db')
    assert.equal(rotation?.state, 'retiring')
    assert.match(String(rotation?.lastError), /still lets the old credential in/)
    const retired = () => far.heard.filter((heard) => heard === 'retire x').length
    // At once, and not again and again: that would end what the new one opens.
    assert.equal(retired(), 1)
    assert.ok(far.accepts(await currentValue(here)))
    far.remembered.clear()
    await here.reaches('db', 'done')
    assert.equal(retired(), 2)
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('isn’t over before the target has said that this is done', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.losesAnswers = true
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    const retired = () => far.heard.filter((heard) => heard.startsWith('retire')).length
    await here.until('it was told three times', () => retired() >= 3)
    assert.ok(!far.accepts(old))
    assert.equal((await here.show('db')).rotation?.state, 'retiring')
    assert.equal((await here.show('db')).rotation?.lastError, 'The connection was lost.')
    far.losesAnswers = false
    await here.reaches('db', 'done')
  })

  for (const kind of ['single', 'set', 'minted'] satisfies Kind[]) {
    it(`has another value made at once after a second leak, whatever the first still has to end (${kind})`, async () => {
      await using open = await withFarSide(kind)
      const { here, far } = open
      const { first, leaked, emergency } = await unended(open)
      const second = await emergency()
      assert.notEqual(second.id, first.id)
      await here.until('another value is published', async () => (await currentValue(here)) !== leaked[1])
      const third = await currentValue(here)
      await here.reaches('db', 'retiring')
      assert.ok(far.accepts(third))
      far.endsNothing = false
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, second.id)
      for (const value of leaked) assert.ok(far.ended.has(value) && !far.accepts(value), value)
      assert.ok(!far.ended.has(third))
      assert.ok(far.accepts(third))
      assert.deepEqual(await keptValues(here), [])
    })

    it(`goes on with the first where the second comes to nothing, and loses nothing of either (${kind})`, async () => {
      await using open = await withFarSide(kind, { rotation: { times: { giveUpMs: 30_000 } } })
      const { here, far } = open
      const { first, leaked, emergency } = await unended(open)
      far.refuses = true
      const second = await emergency()
      await here.until('it was tried', async () => ((await here.show('db')).rotation?.attempt ?? 0) >= 1)
      await here.ask('PATCH', '/secrets/db?api-version=7.4', { attributes: { enabled: false } })
      far.refuses = false
      await here.until('the first goes on', async () => (await here.show('db')).rotation?.id !== second.id)
      assert.equal((await here.show('db')).rotation?.id, first.id)
      await here.ask('PATCH', '/secrets/db?api-version=7.4', { attributes: { enabled: true } })
      far.endsNothing = false
      await here.until('nothing is left to do', async () => (await keptValues(here)).length === 0)
      assert.ok(far.ended.has(leaked[0]))
      assert.ok(!far.accepts(leaked[0]))
      assert.equal(await currentValue(here), leaked[1])
      assert.ok(far.accepts(leaked[1]))
    })
  }

  it('ends what has leaked though somebody puts the only credential right by hand meanwhile', async () => {
    await using open = await withFarSide('single', { rotation: { times: { giveUpMs: 30_000 } } })
    const { here, far } = open
    const { leaked } = await unended(open)
    far.accepted.set('x', 'x:by-hand')
    await here.set('db', 'x:by-hand')
    await here.until('it was tried for long', async () => ((await here.show('db')).rotation?.attempt ?? 0) >= 15)
    assert.equal((await here.show('db')).rotation?.state, 'retiring')
    far.endsNothing = false
    await here.reaches('db', 'done')
    for (const value of leaked) assert.ok(far.ended.has(value), value)
    assert.ok(far.accepts('x:by-hand'))
    assert.equal(await currentValue(here), 'x:by-hand')
  })

  it('has a worker drop what it does for the first leak when a second becomes known', async () => {
    const hold = holding('retire')
    await using open = await withFarSide('single', { rotation: { onStep: hold.onStep } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    hold.armed = true
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    await hold.arrived
    const leaked = await currentValue(here)
    try {
      await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
      const done = await here.reaches('db', 'done')
      const value = await currentValue(here)
      assert.notEqual(value, leaked)
      hold.release()
      assert.ok(far.accepts(value))
      assert.equal((await here.show('db')).rotation?.id, done.id)
      assert.deepEqual(await keptValues(here), [])
    } finally {
      hold.release()
    }
  })

  it('of what no target has to hear of ends with the new value', async () => {
    await using here = await openRotating({ rotation: { providers: providersWith({ loopback: true }) } })
    await here.bind('key', { provider: 'random', intervalSeconds: null, graceSeconds: 0 })
    await here.reaches('key', 'done')
    const old = await currentValue(here, 'key')
    await here.ask('POST', '/.cardea/secrets/key/rotate/emergency')
    await here.reaches('key', 'done')
    assert.notEqual(await currentValue(here, 'key'), old)
  })
})

onBothEngines((keep) => {
  it('an emergency of a third leak ends what all values before have opened', async () => {
    await using kept = await keep()
    await using open = await withFarSide('single', { env: { ...kept.env } })
    const { here, far } = open
    const { leaked, emergency } = await unended(open)
    await emergency()
    await here.until('another value is published', async () => (await currentValue(here)) !== leaked[1])
    leaked.push(await currentValue(here))
    await here.reaches('db', 'retiring')
    await emergency()
    await here.until('a third is published', async () => (await currentValue(here)) !== leaked[2])
    far.endsNothing = false
    await here.reaches('db', 'done')
    for (const value of leaked) assert.ok(far.ended.has(value), value)
    assert.deepEqual(await keptValues(here), [])
  })
})
