import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Kind } from '@cardea/contract/rotation/provider'
import type { Rotating } from '../../testing/rotating.ts'
import { currentValue, fake, withFarSide } from '../../testing/with-far-side.ts'

describe('a rotation that is blocked', () => {
  const blocked = async (kind: Kind = 'slots') => {
    await using opening = new AsyncDisposableStack()
    const { here, far } = opening.use(await withFarSide(kind, {}, 'admin'))
    far.adminPassword = 'right'
    await here.set('admin', 'right')
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.adminPassword = 'changed'
    far.accepted.clear()
    await here.rotate('db')
    const { lastError } = await here.reaches('db', 'blocked')
    const open = opening.move()
    return { here, far, lastError, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }
  const settle = (here: Rotating, way: string) => here.ask('POST', '/.cardea/secrets/db/rotation/settle', { way })

  it('says that neither old nor new works, and an operator’s value ends it', async () => {
    await using open = await blocked()
    const { here, lastError } = open
    assert.match(lastError ?? '', /Neither the old nor the new credential works\. password authentication failed/)
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate')
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /is blocked.*Settle it: retry, accept/)
    await here.set('db', 'mended by hand')
    await here.reaches('db', 'aborted')
    assert.equal(await currentValue(here), 'mended by hand')
  })

  it('is tried again when it is bound again', async () => {
    await using open = await blocked()
    const { here, far } = open
    await here.set('admin', 'changed')
    await here.bind('db', fake)
    await here.reaches('db', 'retiring', 'done')
    await here.reaches('db', 'done')
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('goes on with the same candidate when an operator says to try again', async () => {
    await using open = await blocked()
    const { here, far } = open
    const { rotation } = await here.show('db')
    await here.set('admin', 'changed')
    assert.equal((await settle(here, 'retry')).status, 202)
    const done = await here.reaches('db', 'done')
    assert.equal(done.id, rotation?.id)
    assert.equal(far.values.size, 2)
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('leaves the far side as it is when an operator has put it right', async () => {
    await using open = await blocked('single')
    const { here, far } = open
    const value = await currentValue(here)
    far.accepted.set('x', value)
    const sent = far.heard.filter((heard) => heard.startsWith('apply')).length
    await settle(here, 'accept')
    const { lastError } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /An operator took it as done/)
    assert.equal(await currentValue(here), value)
    assert.equal(far.heard.filter((heard) => heard.startsWith('apply')).length, sent)
  })

  it('puts back what is published when an operator gives it up', async () => {
    await using open = await blocked('single')
    const { here, far } = open
    await here.set('admin', 'changed')
    await settle(here, 'abandon')
    await here.reaches('db', 'aborted')
    assert.ok(far.accepts(await currentValue(here)))
  })

  it('is the only one that is settled, and in one of three ways', async () => {
    await using open = await withFarSide()
    const { here } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.equal((await settle(here, 'retry')).status, 409)
    assert.equal((await settle(here, 'pray')).status, 400)
  })
})
