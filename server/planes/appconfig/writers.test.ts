import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asks, at } from './testing/asks.ts'
import { runningStore, version } from './testing/store.ts'

/** Many who write at the same moment. */
const { ok, fill, pages } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const values = async (path: string) => (await pages(path)).flatMap(({ items }) => items.map(({ value }) => value))

describe('a thousand writers of one key', () => {
  it('who all saw the same: one is taken, the others are told so', async () => {
    const { headers } = await here.put('raced', 'first')
    const answers = await inParts(1_000, (number) =>
      here.send('PUT', at('raced'), { body: { value: `${number}` }, headers: { 'if-match': String(headers.etag) } }),
    )
    const taken = answers.flatMap(({ status }, number) => (status === 200 ? [number] : []))
    assert.equal(taken.length, 1)
    assert.ok(answers.every(({ status, text }) => status === 200 || (status === 412 && text === '')))
    assert.equal((await ok('GET', at('raced'))).json.value, String(taken[0]))
  })

  it('who each try until they are taken: every write is in the history, one after another', async () => {
    await here.put('counted', '0')
    let refused = 0
    const count = async () => {
      for (;;) {
        const { json, headers } = await ok('GET', at('counted'))
        const body = { value: String(Number(json.value) + 1) }
        const { status } = await here.send('PUT', at('counted'), {
          body,
          headers: { 'if-match': String(headers.etag) },
        })
        if (status === 200) return
        assert.equal(status, 412)
        refused += 1
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let writes = 0; writes < 10; writes += 1) await count()
      }),
    )
    assert.equal((await ok('GET', at('counted'))).json.value, '80')
    assert.deepEqual(
      await values(`/revisions?key=counted&${version}`),
      Array.from({ length: 81 }, (_, number) => String(80 - number)),
    )
    assert.ok(refused > 0)
  })
})

describe('readers of pages', () => {
  it('see all of a state or nothing of it, while two write without pause', async () => {
    await fill('pair/', 0, 130)
    const path = `/kv?key=pair/*&${version}`
    let writing = true
    // Each writes ascending numbers to two settings that lie on different pages, the later one first.
    const write = async (low: string, high: string) => {
      for (let number = 1; writing; number += 1) {
        await here.put(`pair/${high}`, String(number))
        await here.put(`pair/${low}`, String(number))
      }
    }
    const writers = [write('0001', '0121'), write('0002', '0122')]
    let reads = 0
    for (; reads < 60; reads += 1) {
      const found = new Map((await pages(path)).flatMap(({ items }) => items.map(({ key, value }) => [key, value])))
      for (const [low, high] of [
        ['0001', '0121'],
        ['0002', '0122'],
      ]) {
        const [first, second] = [low, high].map((name) => Number(found.get(`pair/${name}`)) || 0) as [number, number]
        assert.ok(second === first || second === first + 1, `${low}: ${first}, ${high}: ${second}`)
      }
    }
    writing = false
    await Promise.all(writers)
  })
})

/** So many deeds, a hundred at a time: each has a connection of its own. */
async function inParts<T>(count: number, deed: (number: number) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (let from = 0; from < count; from += 100)
    found.push(...(await Promise.all(Array.from({ length: 100 }, (_, index) => deed(from + index)))))
  return found
}
