import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { wake } from '../../testing/subscribing.ts'
import { currentValue, fake, versionOf, withFarSide } from '../../testing/with-far-side.ts'

describe('grace', () => {
  it('ends as soon as every live consumer runs on the new version (P5)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('one', { db: oldVersion })
    await here.report('two', { db: oldVersion })
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const version = await versionOf(here)
    await here.report('one', { db: version })
    await wait(150)
    const view = await here.show('db')
    assert.equal(view.rotation?.state, 'grace')
    assert.deepEqual(
      view.consumers.map((consumer) => [consumer.instance, consumer.version === version]),
      [
        ['one', true],
        ['two', false],
      ],
    )
    assert.ok(far.accepts(old))
    const since = performance.now()
    await here.report('two', { db: version })
    await here.reaches('db', 'done')
    assert.ok(performance.now() - since < 500)
    assert.ok(!far.accepts(old))
  })

  it('waits for an instance that runs on the new version and still on the old one as well (P5)', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    const report = (...versions: string[]) =>
      here.ask('PUT', '/.cardea/consumers/one', {
        application: 'shop',
        uses: versions.map((version) => ({ secret: 'db', version })),
      })
    await report(oldVersion)
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const version = await versionOf(here)
    await report(oldVersion, version)
    await wait(150)
    assert.equal((await here.show('db')).rotation?.state, 'grace')
    assert.ok(far.accepts(old))
    await report(version)
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('ends when the last laggard falls silent', async () => {
    await using open = await withFarSide('slots', { rotation: { times: { silentMs: 700 } } })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 3600 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('dying', { db: oldVersion })
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const version = await versionOf(here)
    await here.report('living', { db: version })
    assert.ok(far.accepts(old))
    let reported: Promise<unknown> = Promise.resolve()
    const timer = setInterval(() => {
      reported = reported.then(() => here.report('living', { db: version }))
    }, 100)
    try {
      await here.reaches('db', 'done')
    } finally {
      clearInterval(timer)
      await reported
    }
    assert.ok(!far.accepts(old))
  })

  it('takes nobody for gone who could say nothing, since nobody could (P5)', async () => {
    await using open = await twoLeftBehind()
    const { here, far, old } = open
    open.ahead = 120_000
    const version = await versionOf(here)
    await here.report('one', { db: version })
    await wait(200)
    assert.equal((await here.show('db')).rotation?.state, 'grace')
    assert.ok(far.accepts(old))
    await here.report('two', { db: version })
    await here.reaches('db', 'done')
  })

  it('waits for the first who is heard after an absence before it takes anybody for gone (P5)', async () => {
    await using open = await twoLeftBehind()
    const { here, far, old } = open
    const version = await versionOf(here)
    for (open.ahead = 10_000; open.ahead <= 30_000; open.ahead += 20_000) await here.report('one', { db: version })
    // From here nobody had a way to us. One was heard a moment ago, as it were, and the other wasn't.
    open.ahead = 85_000
    await wake(here.house)
    await wait(200)
    assert.equal((await here.show('db')).rotation?.state, 'grace')
    assert.ok(far.accepts(old))
  })

  it('takes who is silent for gone while others are heard', async () => {
    await using open = await twoLeftBehind()
    const { here, far, old } = open
    const version = await versionOf(here)
    for (const ahead of [20_000, 40_000]) {
      open.ahead = ahead
      await here.report('one', { db: version })
    }
    assert.ok(far.accepts(old))
    // The last leap: another, while the old credential is being taken away, would look like days in vain.
    open.ahead = 60_001
    await here.report('one', { db: version })
    await here.report('three', { db: version })
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('waits to its deadline where nobody says what they run on', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const old = await currentValue(here)
    await here.rotate('db')
    const { published, graceUntil } = await here.reaches('db', 'grace')
    assert.equal((graceUntil ?? 0) - (published ?? 0), 1)
    await wait(300)
    assert.ok(far.accepts(old))
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
  })

  it('ends at its deadline all the same, and names who lags (P5)', async () => {
    const said: string[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) })
    await using open = await withFarSide('slots', { log })
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 1 })
    await here.reaches('db', 'done')
    const [old, oldVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('slow-1', { db: oldVersion }, 'billing')
    await here.rotate('db')
    await here.reaches('db', 'grace')
    await here.report('slow-1', { db: oldVersion }, 'billing')
    await here.reaches('db', 'done')
    assert.ok(!far.accepts(old))
    assert.ok(said.some((line) => line.includes('slow-1') && line.includes('billing')))
    const { rows } = await here.house.cardea.base.database.read.run(
      `select agent from audit where operation = 'RotationLaggard'`,
      [],
    )
    assert.deepEqual(
      rows,
      [{ agent: 'billing slow-1' }].map((row) => Object.assign(Object.create(null), row)),
    )
  })

  it('protects a consumer who hasn’t followed a human’s write from having its slot changed', async () => {
    await using open = await withFarSide()
    const { here, far } = open
    await here.bind('db', { ...fake, graceSeconds: 2 })
    await here.reaches('db', 'done')
    const [first, firstVersion] = [await currentValue(here), await versionOf(here)]
    await here.report('one', { db: firstVersion })
    await here.set('db', 'by hand')
    await here.rotate('db')
    await here.reaches('db', 'done')
    // The human's value is of no slot, so either could be taken; the one in use isn't.
    assert.equal((await here.get('db')).json.tags.CredentialId, 'b')
    assert.ok(far.accepts(first))
  })
})

/** A rotation in its grace, with two instances on the old version, and a clock that can be put ahead; a minute's silence is the end. */
async function twoLeftBehind() {
  const time = { ahead: 0 }
  const times = { silentMs: 60_000 }
  const open = await withFarSide('slots', { clock: () => Date.now() + time.ahead, rotation: { times } })
  const { here } = open
  await here.bind('db', { ...fake, graceSeconds: 36_000 })
  await here.reaches('db', 'done')
  const old = await currentValue(here)
  for (const instance of ['one', 'two']) await here.report(instance, { db: await versionOf(here) })
  await here.rotate('db')
  await here.reaches('db', 'grace')
  return Object.assign(time, open, { old })
}
