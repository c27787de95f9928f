import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import type { Database } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { createLog, silentLog } from '#base/log.ts'
import { Feeds } from './feed.ts'

it('a feed tells of no change before it knows the epoch that the change was committed at', async () => {
  const change = (sequence: number) => ({
    sequence,
    at: 1,
    type: 'secret-version-created',
    scope: 's',
    resource: 's/x',
  })
  const journal = [change(11), change(12)]
  const asked = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  let committed = () => {}
  // Change 12 followed a revocation, of which this node hears only when it asks for the epoch: that answer is slow.
  const database = {
    engine: 'postgres',
    epoch: 5,
    sequence: 10,
    onCommit: (listener: () => void) => {
      committed = listener
      return () => {}
    },
    read: {
      engine: 'postgres',
      async run(text: string, values: readonly number[]) {
        if (!text.includes('epoch')) return { rows: journal.filter(({ sequence }) => sequence > Number(values[1])) }
        asked.resolve()
        await answered.promise
        return { rows: [{ epoch: 6 }] }
      },
    },
  }
  const feeds = new Feeds(database as unknown as Database<never>, silentLog)
  const told = Promise.withResolvers<void>()
  const follower = feeds.join('s', told.resolve)
  database.sequence = 11
  committed()
  await asked.promise
  await soon()
  const early = await follower.after(10)
  assert.deepEqual([early.changes, early.upTo, early.epoch], [[], 10, 5])
  answered.resolve()
  await told.promise
  const { changes, upTo, epoch } = await follower.after(10)
  assert.deepEqual([changes.map(({ told }) => told.sequence), upTo, epoch], [[11, 12], 12, 6])
  feeds.close()
})

it('one who comes back from before the feed began hears each change once', async () => {
  const journal = Array.from({ length: 14 }, (_, index) => ({
    ...{ sequence: index + 1, at: 1, type: 'secret-version-created', scope: 's', resource: 's/x' },
  }))
  let committed = () => {}
  const database = {
    engine: 'sqlite',
    epoch: 1,
    sequence: 10,
    onCommit: (listener: () => void) => {
      committed = listener
      return () => {}
    },
    read: {
      engine: 'sqlite',
      run: async (_: string, [, from]: readonly number[]) => ({
        rows: journal.filter(({ sequence }) => sequence > Number(from)),
      }),
    },
  }
  const feeds = new Feeds(database as unknown as Database<never>, silentLog)
  const told = Promise.withResolvers<void>()
  const follower = feeds.join('s', told.resolve)
  database.sequence = 14
  committed()
  await told.promise
  const heard: number[] = []
  for (let [from, whole] = [5, false]; !whole; ) {
    const piece = await follower.after(from)
    heard.push(...piece.changes.map(({ told: { sequence } }) => sequence))
    from = piece.upTo
    whole = piece.whole
  }
  assert.deepEqual(heard, [6, 7, 8, 9, 10, 11, 12, 13, 14])
  feeds.close()
})

it('a feed that can’t be read for another reason than an outage says so in the log', async () => {
  const said: string[] = []
  const log = createLog('error', { write: (line) => void said.push(line) })
  let committed = () => {}
  const broken = (error: unknown) => ({
    engine: 'sqlite',
    epoch: 1,
    sequence: 0,
    onCommit: (listener: () => void) => {
      committed = listener
      return () => {}
    },
    read: { engine: 'sqlite', run: () => Promise.reject(error) },
  })
  for (const error of [new Fault('unavailable', 'Not now.'), new TypeError('a mistake of ours')]) {
    const database = broken(error)
    const feeds = new Feeds(database as unknown as Database<never>, log)
    feeds.join('s', () => {})
    database.sequence = 1
    committed()
    await soon()
    await soon()
    feeds.close()
  }
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /a mistake of ours/)
})

it('an identity has no more streams open than its programs need, and others have theirs', () => {
  const quiet = { onCommit: () => () => undefined }
  const feeds = new Feeds(quiet as unknown as Database<never>, silentLog)
  const ends = Array.from({ length: 1_000 }, () => feeds.opened('greedy'))
  assert.throws(
    () => feeds.refuseCrowd('greedy'),
    (error) => error instanceof Fault && error.code === 'throttled' && Number(error.particulars.retryMs) > 0,
  )
  feeds.refuseCrowd('modest')
  for (let times = 0; times < 3; times += 1) ends[0]?.()
  feeds.refuseCrowd('greedy')
  feeds.opened('greedy')
  assert.throws(() => feeds.refuseCrowd('greedy'), Fault, 'one stream ends once')
})
