import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

const report = { application: 'shop', instance: 'shop-1' }

/** A program with a password behind a setting, and a diary of what it made of it. */
async function open() {
  const azure = await RudeAzure.open()
  const first = azure.rotate('db', 's1')
  azure.point('password', 'db')
  const loaded = await loadRude(azure, { report })
  const diary: string[] = []
  const consumer = {
    async prepare(value: string) {
      diary.push(`prepare ${value}`)
      if (value.startsWith('bad')) throw new Error(`can't work with ${value}`)
      return { made: value }
    },
    async drain({ made }: { made: string }) {
      diary.push(`drain ${made}`)
    },
  }
  const reported = () => azure.reports.at(-1)?.uses.map(({ version }) => version)
  const close = async () => {
    loaded.configuration.close()
    await azure[Symbol.asyncDispose]()
  }
  return { azure, first, ...loaded, consumer, diary, reported, [Symbol.asyncDispose]: close }
}

describe('using a value', { concurrency: 8 }, () => {
  it('prepares the new one, swaps, drains the old one, in that order', async () => {
    await using program = await open()
    const { azure, configuration, consumer, diary } = program
    const live = await configuration.use('password', consumer)
    assert.deepEqual([live.current.made, live.version], ['s1', program.first])
    const version = azure.rotate('db', 's2')
    await until('it switched', () => live.version === version)
    await live.settled()
    assert.equal(live.current.made, 's2')
    assert.deepEqual(diary, ['prepare s1', 'prepare s2', 'drain s1'])
    await live.close()
    assert.deepEqual(diary.at(-1), 'drain s2')
    azure.rotate('db', 's3')
    await until('the configuration has it', () => configuration.get('password') === 's3')
    assert.equal(diary.length, 4)
  })

  it('stays on the old one while the new one doesn’t work, and says so to the vault', async () => {
    await using program = await open()
    const { azure, configuration, consumer, errors, reported } = program
    const live = await configuration.use('password', consumer)
    await until('a first report', () => azure.reports.length > 0)
    assert.deepEqual(azure.reports[0], {
      instance: 'shop-1',
      application: 'shop',
      uses: [{ secret: 'db', version: program.first }],
      partial: false,
    })
    azure.rotate('db', 'bad')
    await until('it was tried twice', () => errors.length >= 2)
    assert.equal(live.current.made, 's1')
    assert.equal(configuration.get('password'), 'bad')
    assert.deepEqual(reported(), [program.first])
    assert.ok(errors.every(({ key, code, text }) => key === 'password' && code === 'consumer' && !text.includes('bad')))
    const good = azure.rotate('db', 's3')
    await until('it runs on the good one', () => live.current.made === 's3')
    await until('that was reported', () => reported()?.[0] === good)
    assert.ok(program.diary.includes('drain s1'))
  })

  it('tries again by itself until the new one works', async () => {
    await using program = await open()
    let failures = 2
    const live = await program.configuration.use('password', {
      prepare(value) {
        if (value === 's2' && failures-- > 0) throw new Error('not yet')
        return value
      },
    })
    program.azure.rotate('db', 's2')
    await until('it worked in the end', () => live.current === 's2')
    assert.equal(program.errors.length, 2)
  })

  it('drops what was overtaken while it was prepared', async () => {
    await using program = await open()
    const { azure, configuration, diary, consumer } = program
    const live = await configuration.use('password', {
      ...consumer,
      async prepare(value) {
        const made = await consumer.prepare(value)
        if (value === 's2') await until('a newer one came', () => configuration.get('password') === 's3')
        return made
      },
    })
    azure.rotate('db', 's2')
    await until('the second is being prepared', () => diary.includes('prepare s2'))
    azure.rotate('db', 's3')
    await until('it is on the third', () => live.current.made === 's3')
    await until('both are drained', () => diary.filter((line) => line.startsWith('drain')).length === 2)
    assert.deepEqual(diary, ['prepare s1', 'prepare s2', 'drain s2', 'prepare s3', 'drain s1'])
  })

  it('a new version with the same value needs no new resource, but is reported', async () => {
    await using program = await open()
    const live = await program.configuration.use('password', program.consumer)
    const version = program.azure.rotate('db', 's1')
    await until('it is known', () => live.version === version)
    await until('it is reported', () => program.reported()?.[0] === version)
    assert.deepEqual(program.diary, ['prepare s1'])
    assert.deepEqual(program.told, [])
  })

  it('is on the old version until the last of it is drained, also after the key is gone or the use is closed', async () => {
    await using program = await open()
    const { azure, configuration, reported } = program
    const gates: (() => void)[] = []
    const live = await configuration.use('password', {
      prepare: (value) => value,
      drain: () => new Promise<void>((resolve) => gates.push(resolve)),
    })
    const second = azure.rotate('db', 's2')
    await until('it switched', () => live.version === second)
    await until('both were reported', () => reported()?.length === 2)
    assert.deepEqual(reported(), [second, program.first])
    const third = azure.rotate('db', 's3')
    await until('all three were reported', () => reported()?.length === 3)
    gates.shift()?.()
    await until('the first has gone', () => reported()?.length === 2)
    assert.deepEqual(reported(), [third, second])
    gates.shift()?.()
    await until('the second has gone', () => reported()?.length === 1)
    azure.point('password', 'other')
    azure.remove('password')
    await until('the key is gone', () => !configuration.has('password'))
    azure.rotate('more', 'm1')
    azure.point('another', 'more')
    await until('another secret is reported too', () => reported()?.length === 2)
    assert.ok(reported()?.includes(third))
    const closed = live.close()
    await until('it is drained', () => gates.length === 1)
    assert.ok(reported()?.includes(third))
    gates.shift()?.()
    await closed
    await until('it has gone', () => reported()?.length === 1)
  })

  it('is on the version that it begins with while that is prepared', async () => {
    await using program = await open()
    const { azure, configuration, reported } = program
    await until('a first report', () => azure.reports.length > 0)
    let prepared = () => {}
    const gate = new Promise<void>((resolve) => {
      prepared = resolve
    })
    const opening = configuration.use('password', {
      async prepare(value) {
        await gate
        return value
      },
    })
    const second = azure.rotate('db', 's2')
    await until('the configuration has it', () => configuration.get('password') === 's2')
    await pause(50)
    assert.deepEqual(reported(), [program.first])
    prepared()
    const live = await opening
    await until('it follows', () => live.version === second)
    await until('that was reported', () => reported()?.[0] === second)
  })

  it('says what it runs on of each secret, when the setting leads to another one', async () => {
    await using program = await open()
    const { azure, configuration } = program
    const live = await configuration.use('password', {
      prepare(value) {
        if (value === 'bad') throw new Error('not yet')
        return value
      },
    })
    azure.rotate('other', 'bad')
    azure.point('password', 'other')
    await until('it was tried', () => program.errors.length > 0)
    assert.deepEqual(azure.reports.at(-1)?.uses, [{ secret: 'db', version: program.first }])
    const good = azure.rotate('other', 'o2')
    await until('it is on the other', () => live.version === good)
    await until('that was reported', () => azure.reports.at(-1)?.uses[0]?.secret === 'other')
    assert.deepEqual(azure.reports.at(-1)?.uses, [{ secret: 'other', version: good }])
  })

  it('rejects when there is no such key, or the first one doesn’t work', async () => {
    await using program = await open()
    await assert.rejects(program.configuration.use('nothing', program.consumer), { code: 'not-found', key: 'nothing' })
    const broken = {
      prepare() {
        throw new Error('the first one')
      },
    }
    await assert.rejects(program.configuration.use('password', broken), /the first one/)
  })

  it('keeps what it has when the key is deleted', async () => {
    await using program = await open()
    const live = await program.configuration.use('password', program.consumer)
    program.azure.remove('password')
    await until('it is gone', () => !program.configuration.has('password'))
    assert.equal(live.current.made, 's1')
  })
})

describe('reporting', () => {
  it('tells what is run on right after each switch, even without anything in use', async () => {
    await using program = await open()
    await until('a first report', () => program.reported()?.[0] === program.first)
    const version = program.azure.rotate('db', 's2')
    await until('the second', () => program.reported()?.[0] === version)
  })

  it('goes on when a report fails, and tells of it once', async () => {
    await using program = await open()
    await until('a first report', () => program.azure.reports.length > 0)
    for (const [status, code] of [
      [500, 'refused'],
      [429, 'throttled'],
      [404, 'not-found'],
    ] as const) {
      program.errors.length = 0
      program.azure.server.grudge(/consumers/, { status })
      for (const value of ['one', 'another']) {
        const asked = program.azure.server.asked(/consumers/).length
        program.azure.rotate('db', `${status} ${value}`)
        await until('it tried', () => program.azure.server.asked(/consumers/).length > asked)
      }
      program.azure.server.forgive()
      const version = program.azure.rotate('db', `after ${status}`)
      await until('the next one came through', () => program.reported()?.[0] === version)
      assert.deepEqual(
        program.errors.map((error) => error.code),
        [code],
      )
    }
  })

  it('names the secrets that may not be read', async () => {
    await using program = await open()
    program.azure.unreadable.push('db')
    program.azure.rotate('db', 's2')
    await until('it was told', () => program.errors.length > 0)
    const version = program.azure.rotate('db', 's3')
    await until('the next was reported', () => program.reported()?.[0] === version)
    await pause(50)
    assert.deepEqual(
      program.errors.map(({ code, text }) => [code, /v1\.vault\.rude\.test doesn't let .* read db\./.test(text)]),
      [['forbidden', true]],
    )
  })

  it('tells of more than fits into one report in parts', async () => {
    await using azure = await RudeAzure.open({ pageSize: 1000 })
    for (let at = 0; at < 300; at += 1) {
      azure.rotate(`secret-${at}`, 'value')
      azure.point(`key-${at}`, `secret-${at}`)
    }
    using _loaded = await loadRude(azure, { report })
    await until('all was reported', () => azure.reports.length === 2)
    assert.deepEqual(
      azure.reports.map(({ uses, partial }) => [uses.length, partial]),
      [
        [256, true],
        [44, true],
      ],
    )
    const named = azure.reports.flatMap(({ uses }) => uses.map(({ secret }) => secret))
    assert.equal(new Set(named).size, 300)
  })

  it('is by an instance of its own for each load, and by the one that the program names', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using _one = await loadRude(azure, { report: { application: 'shop' } })
    using _other = await loadRude(azure, { report: { application: 'shop' } })
    await until('both reported', () => azure.reports.length === 2)
    const names = azure.reports.map(({ instance }) => decodeURIComponent(instance))
    assert.equal(new Set(names).size, 2)
    for (const name of names) assert.match(name, /^[\w.:-]{1,128}$/)
    assert.ok(names.every((name) => name.includes(`:${process.pid}:`)))
    for (const instance of ['', 'a b', 'x'.repeat(129)]) {
      await assert.rejects(loadRude(azure, { report: { application: 'shop', instance } }), { code: 'invalid' })
    }
  })

  it('stops where nobody listens, as in Azure', async () => {
    await using azure = await RudeAzure.open()
    azure.server.grudge(/consumers/, { status: 404 })
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, { report })
    await until('it asked once', () => azure.server.asked(/consumers/).length === 1)
    await pause(50)
    azure.rotate('db', 's2')
    await until('it switched', () => loaded.told.length === 1)
    await pause(50)
    assert.equal(azure.server.asked(/consumers/).length, 1)
  })
})
