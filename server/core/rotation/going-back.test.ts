import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kind } from '@cardea/contract/rotation/provider'
import { silentLog } from '#base/log.ts'
import type { Wanted } from '../../testing/house.ts'
import type { Rotating } from '../../testing/rotating.ts'
import { currentValue, fake, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('going back', () => {
  const inGrace = async (kind: Kind = 'slots', more: Wanted = {}) => {
    await using opening = new AsyncDisposableStack()
    const { here, far } = opening.use(await withFarSide(kind, more))
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.report('one', { db: await versionOf(here) })
    const { rotation } = await here.rotate('db')
    if (kind !== 'single') await here.reaches('db', 'grace')
    const fresh = await currentValue(here)
    const open = opening.move()
    return { here, far, old, fresh, id: rotation?.id, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }
  const back = (here: Rotating) => here.ask('POST', '/.cardea/secrets/db/rotate/back')

  for (const kind of ['slots', 'set', 'minted'] as const) {
    it(`publishes the old value again, and takes the new credential away once everybody has left it (${kind})`, async () => {
      await using open = await inGrace(kind)
      const { here, far, old, fresh, id } = open
      await here.report('two', { db: await versionOf(here) })
      const heard = await back(here)
      assert.equal(heard.status, 202, heard.text)
      await here.until('the old value is current', async () => (await currentValue(here)) === old)
      await here.until(
        'it waits',
        async () => (await here.show('db')).rotation?.state === 'retiring' || far.accepts(fresh),
      )
      assert.ok(far.accepts(fresh), 'somebody runs on it')
      const version = await versionOf(here)
      await here.report('one', { db: version })
      await here.report('two', { db: version })
      const done = await here.reaches('db', 'done')
      assert.equal(done.id, id)
      assert.match(done.lastError ?? '', /^(An operator went back|$)/)
      assert.ok(far.accepts(old))
      assert.ok(!far.accepts(fresh))
      // And the next rotation finds everything in order.
      await here.rotate('db')
      await here.until('it is another', async () => (await currentValue(here)) !== old)
    })
  }

  it('stays where it is when the old value is refused already, and says so', async () => {
    await using open = await inGrace()
    const { here, far, old, fresh } = open
    far.accepted.delete('a')
    assert.equal((await back(here)).status, 202)
    await here.until('it has looked', async () =>
      /refused already/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal(await currentValue(here), fresh)
    assert.ok(!far.accepts(old))
  })

  it('waits for a target that is down, and takes nothing away meanwhile', async () => {
    await using open = await inGrace()
    const { here, far, old } = open
    far.up = false
    await back(here)
    await here.until('it has tried', async () => ((await here.show('db')).rotation?.attempt ?? 0) > 1)
    assert.equal((await here.show('db')).rotation?.state, 'returning')
    far.up = true
    await here.until('the old value is current', async () => (await currentValue(here)) === old)
  })

  it('asked for twice happens once', async () => {
    await using open = await inGrace()
    const { here, old } = open
    const [one, two] = await Promise.all([back(here), back(here)])
    assert.deepEqual([one.status, two.status], [202, 202])
    await here.until('the old value is current', async () => (await currentValue(here)) === old)
    const { value } = (await here.ask('GET', '/secrets/db/versions?api-version=7.4')).json
    assert.equal(value.length, 3)
  })

  it('is overruled by a leak', async () => {
    await using open = await inGrace()
    const { here, far, old, fresh } = open
    far.up = false
    await back(here)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    far.up = true
    await here.reaches('db', 'done')
    assert.equal(await currentValue(here), fresh)
    assert.ok(!far.accepts(old))
  })

  it('is refused with the reason where the old credential is not sure to live', async () => {
    await using open = await inGrace('single')
    const { here } = open
    const refused = async (why: RegExp) => {
      const heard = await back(here)
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, why)
    }
    await here.reaches('db', 'grace', 'done')
    await refused(/but one credential at a time|no rotation is open/)
    assert.equal((await here.ask('POST', '/.cardea/secrets/nothing/rotate/back')).status, 404)
  })

  it('is refused before the publication, after a human’s write, and after the end', async () => {
    await using open = await inGrace()
    const { here, far } = open
    const refused = async (why: RegExp) => {
      const heard = await back(here)
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, why)
    }
    await here.set('db', 'by hand')
    await refused(/theirs stands/)
    await here.ask('POST', '/.cardea/secrets/db/rotate/emergency')
    await here.reaches('db', 'done')
    await refused(/no rotation is open/)
    far.up = false
    await here.rotate('db')
    await refused(/nothing new is published yet/)
  })

  it('comes to the same end, whatever step its work is torn off at', async () => {
    class TornOff extends Error {}
    const moments: string[] = []
    let [tearAt, watching] = [-1, false]
    const onStep = (step: string, when: string) => {
      if (!watching) return
      moments.push(`${when} ${step}`)
      if (moments.length - 1 === tearAt) throw new TornOff()
    }
    await using open = await withFarSide('slots', { log: silentLog, rotation: { onStep } })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const goneBack = async (): Promise<void> => {
      const old = await currentValue(here)
      await here.report('one', { db: await versionOf(here) })
      await here.rotate('db')
      await here.reaches('db', 'grace')
      const fresh = await currentValue(here)
      watching = true
      moments.length = 0
      assert.equal((await back(here)).status, 202)
      await here.until('the old value is current', async () => (await currentValue(here)) === old)
      await here.report('one', { db: await versionOf(here) })
      await here.reaches('db', 'done')
      watching = false
      assert.ok(far.accepts(old) && !far.accepts(fresh), moments.join())
      assert.deepEqual([...far.accepted.values()], [old])
    }
    await goneBack()
    const whole = [...moments]
    assert.ok(whole.includes('before return'), whole.join())
    for (const moment of new Set(whole)) {
      tearAt = whole.indexOf(moment)
      await goneBack()
    }
  })
})
