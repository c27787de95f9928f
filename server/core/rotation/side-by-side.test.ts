import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Wanted } from '../../testing/house.ts'
import { currentValue, fake, holding, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('credentials that live side by side', () => {
  for (const kind of ['set', 'minted'] as const) {
    it(`both work until every consumer has switched, then one (${kind})`, async () => {
      await using open = await withFarSide(kind)
      const { here, far } = open
      await here.bind('db', { ...fake, graceSeconds: 1 })
      await here.reaches('db', 'done')
      for (let turn = 0; turn < 3; turn += 1) {
        const old = await currentValue(here)
        await here.rotate('db')
        await here.reaches('db', 'grace')
        const now = await currentValue(here)
        assert.notEqual(now, old)
        assert.ok(far.accepts(old) && far.accepts(now))
        await here.reaches('db', 'done')
        assert.deepEqual([...far.accepted.values()], [now])
      }
    })

    it(`takes a candidate away again that a human’s write has overtaken (${kind})`, async () => {
      const hold = holding('publish')
      await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
      const { here, far } = open
      await here.bind('db', fake)
      await here.reaches('db', 'done')
      const old = await currentValue(here)
      hold.armed = true
      await here.rotate('db')
      await hold.arrived
      await here.set('db', 'by hand')
      assert.equal(far.accepted.size, 2)
      hold.release()
      await here.reaches('db', 'aborted')
      assert.equal(await currentValue(here), 'by hand')
      // What the human put another in place of is theirs to take away.
      assert.deepEqual([...far.accepted.values()], [old])
    })
  }

  for (const kind of ['set', 'minted'] as const) {
    for (const change of ['bound to another place', 'unbound', 'disabled'] as const) {
      it(`takes a candidate away again when the secret is ${change} meanwhile (${kind})`, async () => {
        const hold = holding('publish')
        await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
        const { here, far } = open
        await here.bind('db', { ...fake, binding: { places: ['one'] } })
        await here.reaches('db', 'done')
        const old = await currentValue(here)
        const version = await versionOf(here)
        hold.armed = true
        const { rotation } = await here.rotate('db')
        await hold.arrived
        if (change === 'unbound') await here.ask('DELETE', '/.cardea/secrets/db/rotation')
        else if (change === 'disabled') {
          await here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled: false } })
        } else await here.bind('db', { ...fake, binding: { places: ['another'] } })
        hold.release()
        const state = async () => {
          const { rows } = await here.house.cardea.base.database.read.run('select id, state from rotation', [])
          return (rows as { id: string; state: string }[]).find(({ id }) => id === rotation?.id)?.state
        }
        await here.until('it has given way', async () => (await state()) === 'aborted')
        assert.ok(far.accepts(old))
        await here.until('only one is left', () => far.accepted.size === 1)
      })
    }
  }

  /** One was made, and the answer that would have told of it is lost. */
  const unheardOf = async (more: Wanted = {}) => {
    await using opening = new AsyncDisposableStack()
    const { here, far } = opening.use(await withFarSide('minted', more))
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.losesAnswers = true
    await here.rotate('db')
    await here.until('one was made', () => far.accepted.size === 2)
    far.losesAnswers = false
    const open = opening.move()
    return { here, far, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }

  it('leaves no credential behind whose making was never answered', async () => {
    await using open = await unheardOf()
    const { here, far } = open
    await here.reaches('db', 'done')
    assert.deepEqual([...far.accepted.values()], [await currentValue(here)])
    assert.ok(far.heard.includes('sweep x'))
  })

  it('sweeps it away as well when the rotation is given up', async () => {
    await using open = await unheardOf({ rotation: { times: { giveUpMs: 500 } } })
    const { here, far } = open
    await here.reaches('db', 'aborted')
    assert.deepEqual([...far.accepted.values()], [await currentValue(here)])
  })
})
