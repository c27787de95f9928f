import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Fault } from '../../fault.ts'
import { Lane } from './lane.ts'
import { ModuleProcess } from './module-process.ts'

const folder = await mkdtemp(join(tmpdir(), 'cardea-lane-'))
after(() => rm(folder, { recursive: true, force: true }))

const patience = { openMs: 10_000, makeMs: 10_000, useMs: 10_000 }
const asked = {
  key: { shape: { type: 'EC', curve: 'P-256' }, secret: new Uint8Array() },
  algorithm: 'ES256',
  digest: new Uint8Array(32),
} as const

/** A lane to a module that loses its session so many times. */
async function forgetful(losses: number) {
  const module = join(folder, `opened-${losses}`)
  await writeFile(module, '')
  const at = { module, token: String(losses), pin: Buffer.alloc(0), heldMax: 1 }
  const lane = new Lane(
    at,
    patience,
    {},
    () => new ModuleProcess(new URL('./testing/forgetful-process.ts', import.meta.url)),
  )
  return { lane, [Symbol.asyncDispose]: () => lane.close() }
}

describe('a session with a token', () => {
  it('that is lost is opened again, and what was asked is done', async () => {
    await using module = await forgetful(1)
    assert.deepEqual([...(await module.lane.ask('sign', asked))], [2], 'by the second that was opened')
    assert.deepEqual([...(await module.lane.ask('sign', asked))], [2], 'which stays')
  })

  it('that is lost again at once is a module that isn’t available', async () => {
    await using module = await forgetful(2)
    await assert.rejects(
      module.lane.ask('sign', asked),
      (error) => error instanceof Fault && error.code === 'unavailable' && /SESSION_HANDLE_INVALID/.test(error.message),
    )
    assert.deepEqual([...(await module.lane.ask('sign', asked))], [3])
  })
})
