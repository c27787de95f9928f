import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { managerOf, storePath } from '../testing/manager.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const manager = await managerOf(house)

const location = 'local'
type Key = { id: string; name: string; value: string; readOnly: boolean; connectionString: string }
const make = async (name: string, properties: object = {}) => {
  const heard = await manager.ask('PUT', storePath(name), { location, sku: { name: 'standard' }, properties })
  assert.equal(heard.status, 201, heard.text)
  return heard.json
}
const keysOf = async (name: string): Promise<Key[]> =>
  (await manager.ask('POST', `${storePath(name)}/listKeys`)).json.value
const signed = (name: string, { id, value }: Pick<Key, 'id' | 'value'>, method = 'GET', body = '') => {
  const host = `${name}.config.cardea.internal`
  const target = '/kv/a?api-version=1.0'
  const date = new Date().toUTCString()
  const hash = createHash('sha256').update(body).digest('base64')
  const signature = createHmac('sha256', Buffer.from(value, 'base64'))
    .update(`${method}\n${target}\n${date};${host};${hash}`)
    .digest('base64')
  return house.ask(host, method, target, {
    ...(body !== '' && { body }),
    headers: {
      'x-ms-date': date,
      'x-ms-content-sha256': hash,
      authorization: `HMAC-SHA256 Credential=${id}&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
    },
  })
}

describe('a configuration store', () => {
  it('is made, read, changed and listed, and can be put back as it was read', async () => {
    const made = await make('shop-settings', { softDeleteRetentionInDays: 3 })
    assert.equal(made.properties.endpoint, 'https://shop-settings.config.cardea.internal')
    assert.equal(made.properties.provisioningState, 'Succeeded')
    const again = await manager.ask('PUT', storePath('Shop-Settings'), made)
    assert.deepEqual([again.status, again.json.properties], [200, made.properties])
    const patched = await manager.ask('PATCH', storePath('shop-settings'), { tags: { a: 'b' } })
    assert.deepEqual(patched.json.tags, { a: 'b' })
    const { json } = await manager.ask('GET', '/providers/Microsoft.AppConfiguration/configurationStores')
    assert.deepEqual(
      json.value.map(({ name }: { name: string }) => name),
      ['demo', 'shop-settings'],
    )
    assert.equal((await manager.ask('PUT', storePath('abc'), { location, sku: { name: 'standard' } })).status, 400)
    assert.equal((await manager.ask('PUT', storePath('no-sku-here'), { location })).status, 400)
    const late = await manager.ask('PATCH', storePath('shop-settings'), {
      properties: { softDeleteRetentionInDays: 4 },
    })
    assert.equal(late.status, 400)
  })

  it('has four keys, two of which only read, and each is renewed by itself', async () => {
    await make('keyed-settings')
    const keys = await keysOf('keyed-settings')
    assert.deepEqual(
      keys.map(({ name, readOnly }) => [name, readOnly]),
      [
        ['Primary', false],
        ['Secondary', false],
        ['Primary Read Only', true],
        ['Secondary Read Only', true],
      ],
    )
    const [primary, secondary, reader] = keys as [Key, Key, Key]
    assert.equal(
      primary.connectionString,
      `Endpoint=https://keyed-settings.config.cardea.internal;Id=${primary.id};Secret=${primary.value}`,
    )
    const body = JSON.stringify({ value: '1' })
    assert.equal((await signed('keyed-settings', primary, 'PUT', body)).status, 200)
    assert.equal((await signed('keyed-settings', reader)).status, 200)
    assert.equal((await signed('keyed-settings', reader, 'PUT', body)).status, 403)
    const renewed = await manager.ask('POST', `${storePath('keyed-settings')}/regenerateKey`, { id: primary.id })
    assert.equal(renewed.json.name, 'Primary')
    assert.notEqual(renewed.json.id, primary.id)
    assert.equal((await signed('keyed-settings', primary)).status, 401)
    assert.equal((await signed('keyed-settings', renewed.json)).status, 200)
    assert.equal((await signed('keyed-settings', secondary)).status, 200)
    const foreign = await manager.ask('POST', `${storePath('demo')}/regenerateKey`, { id: secondary.id })
    assert.equal(foreign.status, 404)
    assert.doesNotMatch(JSON.stringify(await house.deeds()), new RegExp(primary.value.slice(0, 20).replace(/\W/g, '.')))
  })

  it('without local authentication has no keys; switched on again, it has others', async () => {
    await make('tokens-only')
    const [before] = (await keysOf('tokens-only')) as [Key]
    await manager.ask('PATCH', storePath('tokens-only'), { properties: { disableLocalAuth: true } })
    assert.deepEqual(await keysOf('tokens-only'), [])
    assert.equal((await signed('tokens-only', before)).status, 401)
    await manager.ask('PATCH', storePath('tokens-only'), { properties: { disableLocalAuth: false } })
    const [after] = (await keysOf('tokens-only')) as [Key]
    assert.equal((await signed('tokens-only', before)).status, 401)
    assert.equal((await signed('tokens-only', after)).status, 404)
  })

  it('that is closed to the public answers nobody', async () => {
    await make('quiet-settings', { publicNetworkAccess: 'Disabled' })
    const [key] = (await keysOf('quiet-settings')) as [Key]
    assert.equal((await signed('quiet-settings', key)).status, 403)
  })

  it('is deleted, comes back as it was, and is purged without a trace', async () => {
    await make('phoenix-settings')
    const [key] = (await keysOf('phoenix-settings')) as [Key]
    await signed('phoenix-settings', key, 'PUT', JSON.stringify({ value: 'kept' }))
    const deletedPath =
      '/providers/Microsoft.AppConfiguration/locations/local/deletedConfigurationStores/phoenix-settings'
    assert.equal((await manager.ask('DELETE', storePath('phoenix-settings'))).status, 200)
    assert.equal((await signed('phoenix-settings', key)).status, 404)
    assert.match((await manager.ask('GET', deletedPath)).json.properties.configurationStoreId, /phoenix-settings$/)
    const taken = await manager.ask('PUT', storePath('phoenix-settings'), { location, sku: { name: 'standard' } })
    assert.deepEqual([taken.status, taken.json.error.code], [409, 'NameUnavailable'])
    const recover = { location, sku: { name: 'standard' }, properties: { createMode: 'Recover' } }
    assert.equal((await manager.ask('PUT', storePath('phoenix-settings'), recover)).status, 200)
    assert.equal((await signed('phoenix-settings', key)).json.value, 'kept')

    await manager.ask('DELETE', storePath('phoenix-settings'))
    assert.equal((await manager.ask('POST', `${deletedPath}/purge`)).status, 200)
    assert.equal((await manager.ask('GET', deletedPath)).status, 404)
    const { read } = house.cardea.base.database
    const { rows } = await read.run("select name from sqlite_master where type = 'table'", [])
    for (const { name } of rows as { name: string }[]) {
      if (['audit', 'reading', 'outbox', 'audit_turn'].includes(name)) continue
      const kept = await read.run(`select * from ${name}`, [])
      assert.doesNotMatch(JSON.stringify(kept.rows), /phoenix-settings/, name)
    }
    const check = await manager.ask('POST', '/providers/Microsoft.AppConfiguration/checkNameAvailability', {
      name: 'phoenix-settings',
      type: 'Microsoft.AppConfiguration/configurationStores',
    })
    assert.equal(check.json.nameAvailable, true)
  })

  it('with purge protection is purged by time alone', async () => {
    await make('shield-settings', { enablePurgeProtection: true })
    assert.equal(
      (await manager.ask('PATCH', storePath('shield-settings'), { properties: { enablePurgeProtection: false } }))
        .status,
      400,
    )
    await manager.ask('DELETE', storePath('shield-settings'))
    const path =
      '/providers/Microsoft.AppConfiguration/locations/local/deletedConfigurationStores/shield-settings/purge'
    assert.equal((await manager.ask('POST', path)).status, 403)
  })
})

describe('what a store remembers of its settings', () => {
  const remembers = async (name: string): Promise<number> =>
    (await manager.ask('GET', storePath(name))).json.properties.defaultKeyValueRevisionRetentionPeriodInSeconds

  it('is thirty days, or seven in the lower tiers, unless somebody says otherwise', async () => {
    await make('recalls')
    assert.equal(await remembers('recalls'), 30 * 86_400)
    await manager.ask('PUT', storePath('recalls-less'), { location, sku: { name: 'free' } })
    assert.equal(await remembers('recalls-less'), 7 * 86_400)
    const properties = { defaultKeyValueRevisionRetentionPeriodInSeconds: 3_600 }
    await manager.ask('PATCH', storePath('recalls'), { properties })
    assert.equal(await remembers('recalls'), 3_600)
    await manager.ask('PATCH', storePath('recalls'), { tags: { a: 'b' } })
    assert.equal(await remembers('recalls'), 3_600)
  })

  for (const seconds of [0, -1, 3_599, 367 * 86_400, 1.5, '3600x']) {
    it(`is not ${seconds} seconds`, async () => {
      const properties = { defaultKeyValueRevisionRetentionPeriodInSeconds: seconds }
      const { status } = await manager.ask('PUT', storePath('forgets'), {
        ...{ location, sku: { name: 'standard' }, properties },
      })
      assert.equal(status, 400)
    })
  }
})
