import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { openRotating } from './testing/rotating.ts'

const bound = async () => {
  const here = await openRotating({ rotation: { providers: new Map([['fake', new FakeFarSide('slots').provider]]) } })
  await here.bind('db', { provider: 'fake', intervalSeconds: null, graceSeconds: 0 })
  await here.reaches('db', 'done')
  return here
}
const one = 'a'.repeat(32)
const two = 'b'.repeat(32)

describe('a consumer', () => {
  it('says what it runs on, and is shown with it until it falls silent', async () => {
    let ahead = 0
    await using here = await openRotating({
      clock: () => Date.now() + ahead,
      rotation: { providers: new Map([['fake', new FakeFarSide('slots').provider]]), times: { silentMs: 60_000 } },
    })
    await here.bind('db', { provider: 'fake', intervalSeconds: null })
    const heard = await here.report('host:1', { DB: one }, 'shop')
    assert.deepEqual([heard.status, heard.json], [200, { unreadable: [] }])
    const [consumer] = (await here.show('db')).consumers
    assert.deepEqual({ ...consumer, seen: 0 }, { instance: 'host:1', application: 'shop', version: one, seen: 0 })
    ahead = 59_000
    assert.equal((await here.show('db')).consumers.length, 1)
    ahead = 61_000
    assert.equal((await here.show('db')).consumers.length, 0)
    await here.report('host:1', { db: two })
    assert.equal((await here.show('db')).consumers[0]?.version, two)
  })

  it('no longer uses what it no longer names', async () => {
    await using here = await bound()
    await here.report('host:1', { db: one, other: one })
    await here.report('host:1', { other: one })
    assert.deepEqual((await here.show('db')).consumers, [])
  })

  it('runs on every version that it names, until it names one no more', async () => {
    await using here = await bound()
    const versions = async () => (await here.show('db')).consumers.map(({ version }) => version)
    const report = (uses: [string, string][], partial?: boolean) =>
      here.ask('PUT', '/.cardea/consumers/host:1', {
        application: 'shop',
        uses: uses.map(([secret, version]) => ({ secret, version })),
        partial,
      })
    await report([
      ['db', two],
      ['DB', one],
      ['db', two],
    ])
    assert.deepEqual(await versions(), [one, two])
    await report([['db', two]])
    assert.deepEqual(await versions(), [two])
    await report([['other', one]], true)
    assert.deepEqual(await versions(), [two])
    await report([['other', one]])
    assert.deepEqual(await versions(), [])
  })

  it('is forgotten once it has been silent for a day and another looks in', async () => {
    let ahead = 0
    await using here = await openRotating({ clock: () => Date.now() + ahead })
    await here.report('host:1', { db: one })
    ahead = 24 * 60 * 60_000 + 1_000
    await here.renew()
    await here.report('host:2', { db: one })
    const { rows } = await here.house.cardea.base.database.read.run('select instance from consumer', [])
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      [{ instance: 'host:2' }],
    )
  })

  it('needs the right to read each secret that it names', async () => {
    await using here = await bound()
    const { house } = here
    const reader = await house.newcomer('reader of one')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/db`)
    const token = await reader.token()
    const report = (...secrets: string[]) =>
      house.ask(house.vaultHost, 'PUT', '/.cardea/consumers/host:1', {
        token,
        body: { application: 'shop', uses: secrets.map((secret) => ({ secret, version: one })) },
      })
    const heard = await report('other', 'db')
    assert.deepEqual([heard.status, heard.json], [200, { unreadable: ['other'] }])
    assert.equal((await here.show('db')).consumers.length, 1)
    const { rows } = await house.cardea.base.database.read.run('select secret_key from consumer', [])
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      [{ secret_key: 'db' }],
    )
  })

  it('can’t speak for an instance of somebody else, even under its name', async () => {
    await using here = await bound()
    const { house } = here
    const other = await house.newcomer('other')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo`
    await house.assign(other.principal, builtInRoles.keyVaultSecretsUser, vault)
    await here.report('host:1', { db: one })
    await house.ask(house.vaultHost, 'PUT', '/.cardea/consumers/host:1', {
      token: await other.token(),
      body: { application: 'shop', uses: [{ secret: 'db', version: two }] },
    })
    const versions = (await here.show('db')).consumers.map(({ version }) => version)
    assert.deepEqual(versions.sort(), [one, two])
  })

  it('is refused with a name, a version or a number of uses that no client sends', async () => {
    await using here = await bound()
    const put = (instance: string, body: unknown) => here.ask('PUT', `/.cardea/consumers/${instance}`, body)
    const uses = [{ secret: 'db', version: one }]
    assert.equal((await put('a%20b', { application: 'shop', uses })).status, 400)
    assert.equal((await put('host', { application: 'shop', uses: [{ secret: 'db', version: 'latest' }] })).status, 400)
    assert.equal((await put('host', { application: 'shop', uses: Array(257).fill(uses[0]) })).status, 400)
    assert.equal((await put('host', { uses })).status, 400)
  })
})
