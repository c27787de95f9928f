import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { ChangeSetDetail, ChangeSetView } from '@cardea/contract/cardea/change-sets'
import { builtInRoles } from '@cardea/contract/roles'
import { createLog } from '#base/log.ts'
import { liveStore } from '#core/vaults/vaults.ts'
import { changeSetKeeper } from '#workers/change-set-keeper.ts'
import { overtaken } from '../../../testing/overtaken.ts'
import { until, wake } from '../../../testing/subscribing.ts'
import { asks, at } from '../../appconfig/testing/asks.ts'
import { runningStore } from '../../appconfig/testing/store.ts'
import { managerOf, storePath } from '../../management/testing/manager.ts'

/** Change sets that wait for their time. */
const { ok, problem, get } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const path = '/.cardea/changesets'
const set = (key: string, value: string, more: object = {}) => ({ do: 'set', key, value, ...more })
const soon = (ms = 700): string => new Date(Date.now() + ms).toISOString()
const later = async (changes: object[], activates = soon()): Promise<ChangeSetView> =>
  (await ok('POST', path, { body: { changes, activates } })).json
const show = async (id: string): Promise<ChangeSetDetail> => (await ok('GET', `${path}/${id}`)).json
async function ended(id: string): Promise<ChangeSetDetail> {
  for (const until = Date.now() + 20_000; ; ) {
    const found = await show(id)
    if (found.state !== 'waiting') return found
    assert.ok(Date.now() < until, 'it still waits')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe('a change set that waits', () => {
  it('is sealed until its moment, and applied then by itself', async () => {
    await here.put('launch', 'before')
    const activates = soon()
    const heard = await here.send('POST', path, { body: { changes: [set('launch', 'never-in-clear')], activates } })
    assert.equal(heard.status, 202)
    const made: ChangeSetView = heard.json
    assert.deepEqual([made.state, made.activates], ['waiting', activates])
    assert.equal((await get(at('launch'))).json.value, 'before')
    const { rows } = await here.house.cardea.base.database.read.run('select * from change_set', [])
    for (const column of Object.values((rows as Record<string, unknown>[])[0] ?? {}))
      assert.ok(!(column instanceof Uint8Array) || !Buffer.from(column).includes('never-in-clear'))
    const { state, steps, ended: when } = await ended(made.id)
    assert.equal(state, 'applied')
    assert.ok(Date.parse(when ?? '') >= Date.parse(activates))
    assert.deepEqual([steps[0]?.before?.value, steps[0]?.after?.value], ['before', 'never-in-clear'])
    assert.equal((await get(at('launch'))).json.value, 'never-in-clear')
    assert.ok((await here.house.deeds()).some(({ operation }) => operation === 'ChangeSetActivate'))
    const undone = await here.send('POST', `${path}/${made.id}/undo`)
    assert.equal(undone.status, 200)
    assert.equal((await get(at('launch'))).json.value, 'before')
  })

  it('can be cancelled, once', async () => {
    const { id } = await later([set('cancelled', '1')], soon(1_500))
    assert.equal((await ok('POST', `${path}/${id}/cancel`)).json.state, 'cancelled')
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    assert.equal((await get(at('cancelled'))).status, 404)
    assert.equal((await here.send('POST', `${path}/${id}/cancel`)).status, 409)
    assert.equal((await here.send('POST', `${path}/${id}/undo`)).status, 409)
  })

  it('fails as a whole, and says why, when a setting stands in its way', async () => {
    await here.put('blocked', '1')
    const { id } = await later([set('beside', '1'), set('blocked', '2')])
    await ok('PUT', `/locks/blocked?api-version=2023-11-01`)
    const { state, failure } = await ended(id)
    assert.deepEqual([state, /^blocked: The key is read-only/.test(failure ?? '')], ['failed', true])
    assert.equal((await get(at('beside'))).status, 404)
  })

  it('is not applied when what it was planned against has changed by then', async () => {
    const changes = [set('based', '1')]
    const { basis } = (await ok('POST', `${path}/plan`, { body: { changes } })).json
    const { id } = (await ok('POST', path, { body: { changes, basis, activates: soon() } })).json
    await here.put('based', 'other')
    assert.equal((await ended(id)).state, 'failed')
    assert.equal((await get(at('based'))).json.value, 'other')
  })

  it('is not applied when who made it may no longer do so', async () => {
    const { principal, token } = await here.house.newcomer('somebody who leaves')
    const leave = await here.house.assign(principal, builtInRoles.appConfigurationDataOwner, here.store.resourceId)
    const bearer = await token(`https://${here.host}`)
    const body = { changes: [set('left', '1')], activates: soon() }
    const { status, json } = await here.house.ask(here.host, 'POST', path, { token: bearer, body })
    assert.equal(status, 202)
    await leave()
    const { state, failure } = await ended(json.id)
    assert.deepEqual([state, failure], ['failed', 'Caller is not authorized to perform action on resource.'])
    assert.equal((await get(at('left'))).status, 404)
  })

  it('waits while its store is deleted, which is no failure, and is applied when the store is back', async () => {
    const lines: string[] = []
    let passed = 0
    const log = createLog('info', { write: (line) => lines.push(line) })
    await using there = await runningStore({}, { log, clock: () => Date.now() + passed })
    const { base, installation } = there.house.cardea
    const manager = await managerOf(there.house)
    const minutes = 5 * 60_000
    const made = await there.send('POST', path, { body: { changes: [set('patient', '1')], activates: soon(minutes) } })
    assert.equal(made.status, 202)
    const { id }: ChangeSetView = made.json
    const store = await liveStore(base.database.read, 'demo')
    assert.ok(store)
    const gone = await manager.ask('DELETE', storePath('demo'))
    assert.ok(gone.status < 300, gone.text)
    passed += minutes
    await wake(there.house)
    // That nobody may write there now is no fault of whoever made it.
    const { vaults, lease } = await overtaken(there.house.cardea, until, {
      kind: 'change-set',
      subject: `demo/${id}`,
      store,
    })
    await changeSetKeeper({ base, vaults, domain: installation.domain }).run(lease, new AbortController().signal)
    const body = { location: 'local', sku: { name: 'standard' }, properties: { createMode: 'Recover' } }
    const back = await manager.ask('PUT', storePath('demo'), body)
    assert.ok(back.status < 300, back.text)
    passed += 61_000
    await wake(there.house)
    await until(async () => (await there.send('GET', `${path}/${id}`)).json.state !== 'waiting')
    assert.equal((await there.send('GET', `${path}/${id}`)).json.state, 'applied')
    assert.equal((await there.send('GET', at('patient'))).json.value, '1')
    assert.deepEqual(
      lines.filter((line) => line.includes('failed')),
      [],
    )
  })

  it('grants nothing to who changes its row by hand: neither another’s name nor an earlier time', async () => {
    const { database } = here.house.cardea.base
    const { id } = await later([set('forged', '1')], soon(3_600_000))
    const other = await later([set('other', '1')], soon(3_600_000))
    await database.write(async (turn) => {
      const { sql } = turn
      await sql.run(`update due set at = 0 where kind = 'change-set'`, [])
      await sql.run(
        `update change_set set content = (select c.content from change_set c where c.id = '${other.id}') where id = '${id}'`,
        [],
      )
      turn.stir()
    })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    assert.equal((await get(at('forged'))).status, 404)
    assert.equal((await get(at('other'))).status, 404)
    assert.equal((await get(`${path}/${id}`)).status, 500)
    await ok('POST', `${path}/${other.id}/cancel`)
  })

  for (const [what, activates] of [
    ['in the past', '2001-01-01T00:00:00Z'],
    ['years ahead', '2999-01-01T00:00:00Z'],
    ['no time', 'tomorrow'],
  ] as const) {
    it(`is refused for a moment that is ${what}`, async () => {
      const said = await problem(path, { method: 'POST', body: { changes: [set('a', '1')], activates } })
      assert.deepEqual([said.status, said.name], [400, 'activates'])
    })
  }

  it('is refused at once when it could never be applied', async () => {
    const said = await problem(path, {
      method: 'POST',
      body: { changes: [set('a', 'x'.repeat(11_000))], activates: soon() },
    })
    assert.equal(said.status, 413)
  })
})
