import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import type { Manner } from './testing/rude-server.ts'
import { pause, until } from './testing/wait.ts'

/** A number from 0 to 1 that comes again with the same seed, so that a failure can be played back. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const manners: Manner[] = [
  'halve',
  'hang-up',
  { status: 500 },
  { status: 403 },
  { status: 404 },
  { status: 401, headers: { 'www-authenticate': 'Bearer nonsense' } },
  { status: 429, headers: { 'retry-after-ms': '20' } },
  { status: 200, body: '' },
  { status: 200, body: 'null' },
  { status: 200, body: '{"value":null,"id":null,"items":null}' },
  { lateMs: 30 },
]

describe('a configuration of a rude installation', { concurrency: 8 }, () => {
  for (const seed of [1, 2, 3]) {
    it(`P7: never shows a null or a value that nobody wrote, and ends up right (seed ${seed})`, async () => {
      await using azure = await RudeAzure.open({ pageSize: 3 })
      const random = dice(seed)
      const keys = ['a', 'b', 'c', 'd', 'e']
      const written = new Map<string, Set<string>>(keys.map((key) => [key, new Set()]))
      const write = (key: string, value: string) => {
        written.get(key)?.add(value)
        // `d` and `e` are secrets, and `e` is written with the same name in the vault.
        if (key < 'd') azure.set(key, value)
        else azure.rotate(key, value)
      }
      for (const key of ['d', 'e']) azure.point(key, key)
      for (const key of keys) write(key, `${key}0`)
      using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
      const { configuration } = loaded
      const known = new Map(configuration.entries())
      configuration.onChange((changes) => {
        for (const { key, previous, current } of changes) {
          assert.equal(previous, known.get(key), 'what was before is what was told before')
          assert.notEqual(previous, current)
          known.set(key, current as string)
        }
      })

      for (let step = 1; step <= 150; step += 1) {
        if (random() < 0.5) {
          const manner = manners[Math.floor(random() * manners.length)] as Manner
          azure.server.grudge(random() < 0.5 ? /^\/kv/ : /secrets/, manner, { times: 1 })
        }
        if (random() < 0.05) azure.cut('data: {"sequence":1')
        if (random() < 0.05) azure.tokens.clear()
        if (random() < 0.1) azure.server.dropAll()
        write(keys[Math.floor(random() * keys.length)] as string, `value ${step}`)
        if (random() < 0.1) configuration.refresh().catch(() => {})
        await pause(random() * 8)
        for (const key of keys)
          assert.ok(written.get(key)?.has(configuration.get(key) ?? 'nothing'), `${key}: ${configuration.get(key)}`)
      }

      azure.server.forgive()
      const last = new Map(keys.map((key) => [key, [...(written.get(key) ?? [])].at(-1)]))
      await until(
        'all is as it was written last',
        () => keys.every((key) => configuration.get(key) === last.get(key)),
        // After many failures in a row the client rests for 30 seconds at most; on a busy machine it meets more of them.
        45_000,
      )
      assert.deepEqual(known, new Map(configuration.entries()))
      assert.ok(loaded.errors.every(({ code, text }) => code !== 'consumer' && !text.includes('value ')))
    })
  }
})
