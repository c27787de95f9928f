import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { currentValue, fake, holding, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('a human’s write', () => {
  it('wins over a rotation that has proven its candidate but not published it', async () => {
    const hold = holding('publish')
    await using open = await withFarSide('slots', { rotation: { onStep: hold.onStep } })
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    hold.armed = true
    await here.rotate('db')
    await hold.arrived
    const theirs = await here.set('db', 'by hand')
    hold.release()
    const { lastError, version } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /Somebody set another version/)
    assert.equal(version, null)
    assert.equal(await versionOf(here), theirs)
    assert.equal(far.values.size, 2)
    const versions = (await here.ask('GET', '/secrets/db/versions?api-version=7.4')).json.value
    assert.equal(versions.length, 2)
  })

  it('that publishes the old credential again keeps it from being taken away', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.set('db', old)
    const { lastError } = await here.reaches('db', 'done')
    assert.match(lastError ?? '', /published the old credential again/)
    assert.ok(far.accepts(old))
  })

  for (const kind of ['slots', 'set'] as const) {
    it(`that publishes the old credential again while it is being taken away gets it back (${kind})`, async () => {
      const hold = holding('retire')
      await using open = await withFarSide(kind, { rotation: { onStep: hold.onStep } })
      const { here, far } = open
      await here.bind('db', { ...fake, graceSeconds: 1 })
      await here.reaches('db', 'done')
      const old = await currentValue(here)
      hold.armed = true
      await here.rotate('db')
      await hold.arrived
      const fresh = await currentValue(here)
      await here.report('one', { db: await versionOf(here) })
      await here.set('db', old)
      hold.release()
      await here.until('it was taken away', () => far.heard.some((heard) => heard.startsWith('retire')))
      await here.until('it is back', () => far.accepts(old))
      assert.ok(far.accepts(fresh), 'somebody runs on it')
      await here.report('one', { db: await versionOf(here) })
      await here.reaches('db', 'done')
      assert.ok(far.accepts(old))
      assert.equal(await currentValue(here), old)
      // A slot is left until its turn comes round; of what lives side by side only one stays.
      assert.equal(far.accepts(fresh), kind === 'slots')
    })
  }

  it('that publishes the old credential again leaves nobody behind on the new one unnamed', async () => {
    await using open = await withFarSide('set')
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const fresh = await currentValue(here)
    const version = await versionOf(here)
    await here.set('db', old)
    await here.until('it is taken away', async () => {
      await here.report('lagging', { db: version })
      return !far.accepts(fresh)
    })
    assert.ok(far.accepts(old))
    const { rows } = await here.house.cardea.base.database.read.run('select * from audit', [])
    const named = rows.map((row) => JSON.stringify(row)).filter((row) => row.includes('RotationLaggard'))
    assert.ok(named.some((row) => row.includes('lagging')))
  })

  it('to a single credential that is disabled then is put back once it is enabled again', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const candidate = await currentValue(here)
    const version = await here.set('db', 'x:by hand')
    const enable = (enabled: boolean) =>
      here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled } })
    assert.equal((await enable(false)).status, 200)
    // As a request does that comes late.
    far.accepted.set('x', candidate)
    await here.until('it says why it waits', async () =>
      /disabled or deleted/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal((await enable(true)).status, 200)
    await here.reaches('db', 'done')
    assert.ok(far.accepts('x:by hand'))
  })

  it('to a single credential is put back after a candidate has displaced it', async () => {
    await using open = await withFarSide('single')
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    far.losesAnswers = true
    let goOn: () => void = () => {}
    far.holdsBack = new Promise((resolve) => {
      goOn = resolve
    })
    await here.rotate('db')
    await here.until('it was sent', () => far.heard.filter((heard) => heard === 'apply x').length >= 2)
    far.accepted.set('x', 'x:by hand')
    await here.set('db', 'x:by hand')
    await here.reaches('db', 'compensating')
    goOn()
    far.holdsBack = undefined
    await here.reaches('db', 'aborted')
    assert.equal(await currentValue(here), 'x:by hand')
    assert.ok(far.accepts('x:by hand'))
  })
})

describe('a secret that is disabled, deleted or purged', () => {
  it('isn’t rotated while it is disabled, and says so to who asks', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const before = far.heard.length
    const version = await versionOf(here)
    await here.ask('PATCH', `/secrets/db/${version}?api-version=7.4`, { attributes: { enabled: false } })
    const heard = await here.ask('POST', '/.cardea/secrets/db/rotate')
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /disabled/)
    assert.equal(far.heard.length, before)
  })

  it('ends a rotation that isn’t published yet', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    far.up = false
    await here.rotate('db')
    await here.until('it tries', async () => (await here.show('db')).rotation?.lastError !== null)
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    const { lastError } = await here.reaches('db', 'aborted')
    assert.match(lastError ?? '', /disabled or deleted/)
    assert.equal((await here.ask('POST', '/.cardea/secrets/db/rotate')).status, 409)
    await here.ask('POST', '/deletedsecrets/db/recover?api-version=7.4')
    assert.equal(await currentValue(here), old)
    far.up = true
    await here.rotate('db')
    await here.reaches('db', 'done')
  })

  it('lets a rotation that is published go on to its end', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('loses its binding with its purge, so that a new secret of the name is left alone', async () => {
    let ahead = 0
    await using open = await withFarSide('slots', { clock: () => Date.now() + ahead })
    const { here } = open
    await here.bind('db', { ...fake, intervalSeconds: 3600 })
    await here.reaches('db', 'done')
    await here.ask('DELETE', '/secrets/db?api-version=7.4')
    await here.ask('DELETE', '/deletedsecrets/db?api-version=7.4')
    ahead = 3_600_000
    await here.set('other', 'x')
    await here.until('it is gone', async () => (await here.ask('GET', '/.cardea/secrets/db/rotation')).status === 404)
    assert.equal((await here.get('db')).status, 404)
  })
})
