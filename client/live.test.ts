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

  it('goes on quietly when a report fails', async () => {
    await using program = await open()
    program.azure.server.grudge(/consumers/, { status: 500 })
    program.azure.rotate('db', 's2')
    await until('it tried', () => program.azure.server.asked(/consumers/).length > 1)
    program.azure.server.forgive()
    const version = program.azure.rotate('db', 's3')
    await until('the next one came through', () => program.reported()?.[0] === version)
    assert.deepEqual(program.errors, [])
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
