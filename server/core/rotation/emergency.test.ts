import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { providersWith } from '@cardea/providers/providers'
import { openRotating } from '../../testing/rotating.ts'
import { currentValue, fake, versionOf, withFarSide } from '../../testing/with-far-side.ts'

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
