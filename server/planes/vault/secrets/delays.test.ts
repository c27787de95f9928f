import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { type Heard, type House, openHouse } from '../../../testing/house.ts'
import { type Asking, asking, said } from '../testing/vault.ts'

const postgres = needs('PostgreSQL', findPostgres)

/** Asks again and again until it is answered with this status; returns for how long it was not. */
async function until(status: number, ask: () => Promise<Heard>): Promise<number> {
  const begun = performance.now()
  while ((await ask()).status !== status) {
    assert.ok(performance.now() - begun < 20_000, 'it never settled')
    await wait(10)
  }
  return performance.now() - begun
}

const delayMs = 10_000
/** The clock stands still until it is told to pass on, so that nothing settles while this looks, however slowly. */
async function meetsTheDelays(env: Record<string, string> = {}): Promise<void> {
  let now = Date.now()
  await using house: House = await openHouse({ env: { CARDEA_DELAYS: '10s', ...env }, clock: () => now })
  const vault: Asking = asking(house, await house.developerToken())
  const pass = async () => {
    now += delayMs
    // Something is committed, so that the clock is looked at.
    await vault.set('stir', 'v')
  }
  const get = () => vault.ask('GET', '/secrets/slow')
  const getDeleted = () => vault.ask('GET', '/deletedsecrets/slow')
  const listed = async (path: string) =>
    (await vault.ask('GET', path)).json.value.map(({ id }: { id: string }) => id.split('/').at(-1))
  const changes = async () =>
    (await house.cardea.base.database.read.run("select type from change where name = 'slow' order by sequence", []))
      .rows as { type: string }[]
  const blob = async () => (await vault.ask('POST', '/secrets/slow/backup')).json.value
  await vault.set('slow', 'one')
  await vault.set('slow', 'two')
  const backup = await blob()

  const deleted = await vault.ask('DELETE', '/secrets/slow')
  assert.equal(deleted.status, 200)
  assert.ok(deleted.json.recoveryId.endsWith('/deletedsecrets/slow'))
  assert.deepEqual(
    [
      said(await get()),
      said(await getDeleted()),
      said(await vault.ask('PUT', '/secrets/slow', { value: 'three' })),
      said(await vault.ask('POST', '/deletedsecrets/slow/recover')),
      said(await vault.ask('DELETE', '/deletedsecrets/slow')),
      said(await vault.ask('DELETE', '/secrets/slow')),
      said(await vault.ask('POST', '/secrets/restore', { value: backup })),
      await listed('/deletedsecrets'),
      await listed('/secrets'),
    ],
    [
      '404 SecretNotFound',
      '404 SecretNotFound',
      '409 Conflict ObjectIsBeingDeleted',
      '409 Conflict ObjectIsBeingDeleted',
      '409 Conflict ObjectIsBeingDeleted',
      '404 SecretNotFound',
      '409 Conflict',
      [],
      [],
    ],
  )
  assert.deepEqual(
    [
      (await vault.ask('PUT', '/secrets/slow', { value: 'three' })).json.error.message,
      (await vault.ask('POST', '/deletedsecrets/slow/recover')).json.error.message,
    ],
    [
      'Secret slow is currently being deleted and cannot be re-created; retry later.',
      'Secret is currently being deleted.',
    ],
  )
  await pass()
  await until(200, getDeleted)
  assert.deepEqual(await listed('/deletedsecrets'), ['slow'])
  assert.equal(
    said(await vault.ask('PUT', '/secrets/slow', { value: 'three' })),
    '409 Conflict ObjectIsDeletedButRecoverable',
  )

  const before = (await changes()).length
  assert.equal((await vault.ask('POST', '/deletedsecrets/slow/recover')).status, 200)
  assert.equal((await changes()).length, before)
  assert.deepEqual(
    [
      said(await get()),
      said(await getDeleted()),
      said(await vault.ask('PUT', '/secrets/slow', { value: 'three' })),
      said(await vault.ask('PATCH', '/secrets/slow', { tags: {} })),
      said(await vault.ask('DELETE', '/secrets/slow')),
      said(await vault.ask('POST', '/deletedsecrets/slow/recover')),
      said(await vault.ask('DELETE', '/deletedsecrets/slow')),
      said(await vault.ask('POST', '/secrets/slow/backup')),
    ],
    [
      '404 SecretNotFound',
      '404 SecretNotFound',
      '409 Conflict ObjectIsBeingRecovered',
      '409 Conflict ObjectIsBeingRecovered',
      '409 Conflict ObjectIsBeingRecovered',
      '409 Conflict ObjectIsBeingRecovered',
      '409 Conflict ObjectIsBeingRecovered',
      '404 SecretNotFound',
    ],
  )
  await pass()
  await until(200, get)
  assert.equal((await get()).json.value, 'two')
  assert.equal((await changes()).at(-1)?.type, 'secret-recovered')

  await vault.ask('DELETE', '/secrets/slow')
  await pass()
  await until(200, getDeleted)
  assert.equal((await vault.ask('DELETE', '/deletedsecrets/slow')).status, 204)
  assert.deepEqual(
    [
      said(await getDeleted()),
      said(await vault.ask('PUT', '/secrets/slow', { value: 'three' })),
      said(await vault.ask('POST', '/secrets/restore', { value: backup })),
      said(await vault.ask('POST', '/deletedsecrets/slow/recover')),
    ],
    ['404 SecretNotFound', '409 Conflict ObjectIsBeingDeleted', '409 Conflict', '404 SecretNotFound'],
  )
  await pass()
  await until(200, () => vault.ask('POST', '/secrets/restore', { value: backup }))
  assert.equal((await get()).json.value, 'two')
}

describe('Azure’s delays, when they are asked for', () => {
  it('let a deletion, a recovery and a purge be seen after a while, with conflicts until then', async () => {
    await meetsTheDelays()
  })

  it('do so on PostgreSQL as well', { skip: postgres.skip }, async () => {
    await using server = await startPostgres({ database: 'cardea' })
    await meetsTheDelays({ CARDEA_DATABASE: server.url() })
  })

  it('last as long as they say, as the clock has it', async () => {
    let now = Date.now()
    await using house = await openHouse({ env: { CARDEA_DELAYS: 'azure' }, clock: () => now })
    const vault = asking(house, await house.developerToken())
    await vault.set('timed', 'v')
    await vault.ask('DELETE', '/secrets/timed')
    now += 12_900
    await vault.set('stir', 'v')
    await wait(100)
    assert.equal((await vault.ask('GET', '/deletedsecrets/timed')).status, 404)
    now += 200
    // Something is committed, so that the clock is looked at.
    await vault.set('stir', 'v')
    await vault.ask('DELETE', '/secrets/stir')
    await until(200, () => vault.ask('GET', '/deletedsecrets/timed'))
  })

  it('are over after a restart too', async (context) => {
    const data = await mkdtemp(join(tmpdir(), 'cardea-delays-'))
    context.after(() => rm(data, { recursive: true, force: true }))
    {
      await using house = await openHouse({ data, env: { CARDEA_DELAYS: '1s' } })
      const vault = asking(house, await house.developerToken())
      await vault.set('restarted', 'v')
      await vault.ask('DELETE', '/secrets/restarted')
    }
    await using house = await openHouse({ data })
    const vault = asking(house, await house.developerToken())
    await until(200, () => vault.ask('GET', '/deletedsecrets/restarted'))
    await vault.ask('POST', '/deletedsecrets/restarted/recover')
    assert.equal((await vault.ask('GET', '/secrets/restarted')).json.value, 'v')
  })

  it('are not there without the setting: what was answered is seen at once', async () => {
    await using house = await openHouse()
    const vault = asking(house, await house.developerToken())
    for (let round = 0; round < 20; round += 1) {
      await vault.set('quick', 'v')
      await vault.ask('DELETE', '/secrets/quick')
      assert.equal((await vault.ask('GET', '/deletedsecrets/quick')).status, 200)
      await vault.ask('POST', '/deletedsecrets/quick/recover')
      assert.equal((await vault.ask('GET', '/secrets/quick')).status, 200)
      await vault.ask('DELETE', '/secrets/quick')
      await vault.ask('DELETE', '/deletedsecrets/quick')
    }
  })
})
