import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
})
