import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type House, openHouse } from '@cardea/server/testing/house'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { type Answered, ask } from './ask.ts'

/**
 * What is changed together is seen together: two writers apply change sets to settings that lie on different pages, while
 * readers page without pause, one with Azure's own library and one on the bare wire. Every reading must be of one state.
 */
// Every run of the suite tries two hundred; `CHANGE_SETS=10000` takes its time.
const changeSets = Number(process.env.CHANGE_SETS ?? 200)
const writers = 2
/** Between the parts of a tuple lies more than a page. */
const parts = ['tuple/000', 'tuple/120', 'tuple/240']
const fillers = Array.from({ length: 250 }, (_, index) => `tuple/${String(index).padStart(3, '0')}`)

type Ask = (method: string, path: string, body?: object) => Promise<Answered>

async function applyAll(ask: Ask, count: number, name: string): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const value = `${name}${number}`
    const changes = parts.map((key) => ({ do: 'set', key, value, tags: { part: 'yes' } }))
    const { status, body } = await ask('POST', '/.cardea/changesets', { changes })
    assert.equal(status, 200, body)
  }
}

type Read = { reads: number; mixed: number; states: number }

async function readOnTheWire(ask: Ask, goesOn: () => boolean): Promise<Read> {
  let [reads, mixed] = [0, 0]
  const states = new Set<string>()
  while (goesOn()) {
    const values = new Set<string>()
    let next: string | undefined = '/kv?api-version=2026-04-01&key=tuple/*&$select=key,value,tags'
    while (next !== undefined) {
      const { status, body } = await ask('GET', next)
      assert.equal(status, 200, body)
      const page = JSON.parse(body) as { items: { value: string; tags: { part?: string } }[]; '@nextLink'?: string }
      for (const { value, tags } of page.items) if (tags.part !== undefined) values.add(value)
      next = page['@nextLink']
    }
    reads += 1
    if (values.size !== 1) mixed += 1
    for (const value of values) states.add(value)
  }
  return { reads, mixed, states: states.size }
}

async function readBySdk(house: House, stopped: Promise<unknown>): Promise<Read> {
  const program = fileURLToPath(new URL('./clients/tuples.ts', import.meta.url))
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, ...house.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  void stopped.finally(() => child.stdin.end())
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(code, 0)
  return JSON.parse(said) as Read
}

async function holds(env: Record<string, string>): Promise<Record<'sdk' | 'wire', Read>> {
  await using house = await openHouse({ env })
  const token = await house.developerToken(`https://${house.storeHost}`)
  const agent = new Agent({ keepAlive: true })
  const ca = readFileSync(house.cardea.caFile as string, 'utf8')
  const here: Ask = (method, path, body) =>
    ask({
      ...{ port: house.cardea.port, ca, host: house.storeHost, agent, method, path },
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  try {
    const filling = fillers.map((key) => ({ do: 'set', key, value: 'filler' }))
    assert.equal((await here('POST', '/.cardea/changesets', { changes: filling })).status, 200)
    await applyAll(here, 1, 'first')
    let writing = true
    const written = Promise.all(
      Array.from({ length: writers }, (_, index) => applyAll(here, changeSets / writers, `writer${index}:`)),
    ).finally(() => {
      writing = false
    })
    const [sdk, wire] = await Promise.all([readBySdk(house, written), readOnTheWire(here, () => writing), written])
    return { sdk, wire }
  } finally {
    agent.destroy()
  }
}

describe(`readers of pages, while ${writers} writers apply ${changeSets} change sets`, () => {
  const told = (engine: string, { sdk, wire }: Record<'sdk' | 'wire', Read>): void => {
    console.log(
      `${engine}: ${sdk.reads} reads by the SDK met ${sdk.states} states, ${wire.reads} on the wire ${wire.states}; mixed: ${sdk.mixed + wire.mixed}`,
    )
    assert.deepEqual([sdk.mixed, wire.mixed], [0, 0])
    assert.ok(sdk.states > 5 && wire.states > 5, 'they read while it was written')
  }

  it('never see half of one on SQLite', async () => told('SQLite', await holds({})))

  const postgres = needs('PostgreSQL', findPostgres)
  it('never see half of one on PostgreSQL', { skip: postgres.skip }, async () => {
    await using database = await startPostgres()
    told('PostgreSQL', await holds({ CARDEA_DATABASE: database.url() }))
  })
})
