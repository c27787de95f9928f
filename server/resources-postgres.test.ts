import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { managerOf, storePath, vaultPath } from './planes/management/testing/manager.ts'
import type { House } from './testing/house.ts'
import { type Nodes, openNodes } from './testing/nodes.ts'

const postgres = needs('PostgreSQL', findPostgres)
const location = 'local'

describe('vaults and stores of two nodes on one PostgreSQL', { skip: postgres.skip }, () => {
  let database: TestPostgres
  let nodes: Nodes
  let one: House
  let two: House
  before(async () => {
    database = await startPostgres()
    nodes = await openNodes(database.url())
    one = nodes.one
    two = nodes.two
  })
  after(async () => {
    await nodes?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  it('are gone on the other node in its very next request, come back, and are purged without a trace', async () => {
    const here = await managerOf(one)
    const there = await managerOf(two)
    const token = await two.developerToken()
    const secret = async (method: string, body?: object) =>
      two.ask('both-keys.vault.cardea.internal', method, '/secrets/kept?api-version=7.4', {
        token,
        ...(body !== undefined && { body }),
      })
    await here.ask('PUT', '/resourceGroups/both', { location })
    const properties = { tenantId: one.cardea.installation.tenant, sku: { family: 'A', name: 'standard' } }
    const vault = { location, properties: { ...properties, enableRbacAuthorization: true } }
    assert.equal((await here.ask('PUT', vaultPath('both-keys', 'both'), vault)).status, 201)
    assert.equal(
      (await here.ask('PUT', storePath('both-settings', 'both'), { location, sku: { name: 'standard' } })).status,
      201,
    )
    assert.equal((await there.ask('GET', '/resourceGroups/both/resources')).json.value.length, 2)
    assert.equal((await secret('PUT', { value: 'kept' })).status, 200)
    for (let round = 0; round < 20; round += 1) {
      assert.equal((await here.ask('DELETE', vaultPath('both-keys', 'both'))).status, 200)
      // The other node may not have heard yet that there is no such vault; that nobody has a right there, it knows.
      for (const heard of [await secret('GET'), await secret('PUT', { value: 'late' })]) {
        assert.ok([403, 404].includes(heard.status), `${round}: ${heard.status}`)
      }
      const recover = { location, properties: { ...properties, createMode: 'recover' } }
      assert.equal((await here.ask('PUT', vaultPath('both-keys', 'both'), recover)).status, 200)
    }
    await there.ask('PUT', '/resourceGroups/both/providers/Microsoft.Authorization/locks/keep', {
      properties: { level: 'CanNotDelete' },
    })
    assert.equal((await here.ask('DELETE', '/resourceGroups/both')).json.error.code, 'ScopeLocked')
    await there.ask('DELETE', '/resourceGroups/both/providers/Microsoft.Authorization/locks/keep')
    assert.equal((await here.ask('DELETE', '/resourceGroups/both')).status, 200)
    const purges = [
      '/providers/Microsoft.KeyVault/locations/local/deletedVaults/both-keys/purge',
      '/providers/Microsoft.AppConfiguration/locations/local/deletedConfigurationStores/both-settings/purge',
    ]
    for (const path of purges) assert.equal((await there.ask('POST', path)).status, 200)
    const { read } = one.cardea.base.database
    const { rows } = await read.run("select tablename as name from pg_tables where schemaname = 'public'", [])
    for (const { name } of rows as { name: string }[]) {
      if (['audit', 'audit_turn', 'reading', 'outbox'].includes(name)) continue
      const kept = await read.run(`select * from ${name}`, [])
      assert.doesNotMatch(JSON.stringify(kept.rows), /both-keys|both-settings/, name)
    }
  })
})
