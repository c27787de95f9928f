import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { seal } from '#base/seal.ts'
import { type Heard, openHouse } from '../../../testing/house.ts'
import { type Asking, asking, foundAnother, newest, versionOf } from '../testing/vault.ts'

const postgres = needs('PostgreSQL', findPostgres)

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const vault = asking(house, token)

const blobOf = async (name: string): Promise<string> => {
  const heard = await vault.ask('POST', `/secrets/${name}/backup`)
  assert.equal(heard.status, 200, heard.text)
  assert.deepEqual(Object.keys(heard.json), ['value'])
  return heard.json.value
}
const restore = (value: unknown, into: Asking = vault): Promise<Heard> =>
  into.ask('POST', '/secrets/restore', { value })
const purge = async (name: string): Promise<void> => {
  await vault.ask('DELETE', `/secrets/${name}`)
  assert.equal((await vault.ask('DELETE', `/deletedsecrets/${name}`)).status, 204)
}
/** Everything that can be seen of a secret: each version with its value, and which is the latest. */
async function seen(name: string, at: Asking = vault): Promise<unknown> {
  const { json } = await at.ask('GET', `/secrets/${name}/versions`)
  const versions = []
  for (const { id } of json.value) {
    const path = new URL(id).pathname
    versions.push({ path, heard: withoutHost((await at.ask('GET', path)).text) })
  }
  return { versions, latest: withoutHost((await at.ask('GET', `/secrets/${name}`)).text) }
}
const withoutHost = (text: string): string => text.replace(/https:\/\/[^/]+/g, '')

const refusedAsMalformed = (heard: Heard, what: string) => {
  assert.equal(heard.status, 400, what)
  assert.deepEqual(heard.json.error, {
    code: 'Malformed backup blob',
    message: 'Backup blob contains invalid or corrupt version.',
  })
}

describe('a backup of a secret', () => {
  it('brings back every version with its id, value, attributes and tags, after the secret was purged', async () => {
    await vault.set('whole', 'one', { tags: { a: '1' }, contentType: 'text/plain' })
    now += 5000
    await vault.set('whole', 'zwei ü 🔑', { attributes: { exp: 4_000_000_000, nbf: 1_000_000_000 } })
    now += 5000
    await vault.set('whole', '')
    await vault.ask('PATCH', '/secrets/whole', { tags: { latest: 'yes' } })
    const before = await seen('whole')
    const blob = await blobOf('whole')
    assert.match(blob, /^[A-Za-z0-9_-]+$/)
    await purge('whole')
    now += 60_000
    const heard = await restore(blob)
    assert.equal(heard.status, 200, heard.text)
    assert.equal('value' in heard.json, false)
    assert.deepEqual(heard.json.tags, { latest: 'yes' })
    assert.deepEqual(await seen('whole'), before)
  })

  it('holds a disabled version, whose value stays closed until it is enabled', async () => {
    await vault.set('closed', 'v', { attributes: { enabled: false } })
    const blob = await blobOf('closed')
    await purge('closed')
    assert.equal((await restore(blob)).status, 200)
    assert.equal((await vault.ask('GET', '/secrets/closed')).json.error.innererror.code, 'SecretDisabled')
    await vault.ask('PATCH', '/secrets/closed', { attributes: { enabled: true } })
    assert.equal((await vault.ask('GET', '/secrets/closed')).json.value, 'v')
  })

  it('goes into any vault of the same subscription, and into none of another', async () => {
    await vault.set('moves', 'one')
    await vault.set('moves', 'two')
    const blob = await blobOf('moves')
    const second = asking(house, token, await foundAnother(house, 'second'))
    assert.equal((await restore(blob, second)).status, 200)
    assert.deepEqual(await seen('moves', second), await seen('moves'))
    const foreign = '11111111-2222-4333-8444-555555555555'
    const host = await foundAnother(house, 'foreign', { subscription: foreign })
    const guest = await house.newcomer('officer of another subscription')
    await house.assign(guest.principal, builtInRoles.keyVaultSecretsOfficer, `/subscriptions/${foreign}`)
    refusedAsMalformed(await restore(blob, asking(house, await guest.token(), host)), 'another subscription')
  })

  it('never takes the place of what is there, live or deleted, whatever the case of its name', async () => {
    await vault.set('Taken', 'old')
    const blob = await blobOf('taken')
    await vault.set('TAKEN', 'new')
    const before = await seen('Taken')
    const live = await restore(blob)
    assert.equal(live.status, 409)
    assert.equal(live.json.error.code, 'Conflict')
    assert.match(live.json.error.message, /^There was a conflict restoring the secret 'Taken'\./)
    await vault.ask('DELETE', '/secrets/taken')
    assert.equal((await restore(blob)).status, 409)
    await vault.ask('POST', '/deletedsecrets/taken/recover')
    assert.deepEqual(await seen('Taken'), before)
  })

  it('is restored once when it is restored twice at the same moment', async () => {
    await vault.set('race', 'v')
    const blob = await blobOf('race')
    await purge('race')
    const heard = await Promise.all(Array.from({ length: 6 }, () => restore(blob)))
    assert.deepEqual(heard.map(({ status }) => status).toSorted(), [200, 409, 409, 409, 409, 409])
    assert.equal((await vault.ask('GET', '/secrets/race')).json.value, 'v')
  })

  it('is refused when it was cut, changed in any place, lengthened, or is none', async () => {
    await vault.set('tampered', 'v')
    const blob = await blobOf('tampered')
    await purge('tampered')
    const bytes = Buffer.from(blob, 'base64url')
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] as number) ^ (1 << (place % 8))
      refusedAsMalformed(await restore(changed.toString('base64url')), `byte ${place}`)
    }
    for (const other of [
      '',
      'x',
      '====',
      blob.slice(0, -1),
      blob.slice(0, 20),
      `${blob}AAAA`,
      `${blob.slice(0, 10)} ${blob.slice(10)}`,
      `${blob.slice(0, 10)}!!!!${blob.slice(10)}`,
      `ü${blob}`,
      bytes.toString('base64').replace(/[A-Za-z0-9]/, '+'),
      randomBytes(200).toString('base64url'),
      Buffer.from(')AzureKeyVaultSecretBackupV1.microsoft.com').toString('base64url'),
    ]) {
      refusedAsMalformed(await restore(other), other.slice(0, 30))
    }
    for (const wrong of [undefined, null, 1, true, [], {}]) {
      const heard = await restore(wrong)
      assert.deepEqual([heard.status, heard.json.error.code], [400, 'BadParameter'], JSON.stringify(wrong))
    }
    assert.equal((await vault.ask('GET', '/secrets/tampered')).status, 404)
    assert.equal((await restore(`${blob}==`)).status, 200)
  })

  it('is refused in no time that grows faster than it is long', { timeout: 20_000 }, async () => {
    for (const blob of [`${'='.repeat(1_000_000)}A`, `A${'='.repeat(1_000_000)}`, 'A'.repeat(4_000_000)]) {
      const since = performance.now()
      refusedAsMalformed(await restore(blob), blob.slice(0, 3))
      assert.ok(performance.now() - since < 3_000, `${performance.now() - since} ms`)
    }
  })

  it('opens in its own installation only, and a sealed thing of another kind is no backup', async () => {
    await vault.set('mine', 'v')
    const blob = await blobOf('mine')
    await using other = await openHouse()
    const there = asking(other, await other.developerToken())
    refusedAsMalformed(await restore(blob, there), 'another installation')
    await purge('mine')
    const { database, keyring } = house.cardea.base
    const { subscription } = house.cardea.installation
    const key = await database.write(({ sql }) => Promise.resolve(keyring.key(sql, 'backup')))
    const held = JSON.stringify({ versions: [] })
    for (const place of [
      `backup/key/1/subscriptions/${subscription}`,
      `backup/secret/2/subscriptions/${subscription}`,
    ]) {
      refusedAsMalformed(await restore(seal(key, held, place).toString('base64url')), place)
    }
  })

  it('has at most 500 versions', async () => {
    for (let count = 0; count < 500; count += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => vault.set('many', `${count + index}`)))
    }
    const blob = await blobOf('many')
    await vault.set('many', 'one too many')
    const heard = await vault.ask('POST', '/secrets/many/backup')
    assert.deepEqual([heard.status, heard.json.error.code], [400, 'BadParameter'])
    assert.match(heard.json.error.message, /more than 500 versions/)
    const latest = (await seen('many')) as { versions: unknown[] }
    assert.equal(latest.versions.length, 25)
    await purge('many')
    assert.equal((await restore(blob)).status, 200)
    const { rows } = await house.cardea.base.database.read.run(
      "select count(*) as found from secret_version where name_key = 'many'",
      [],
    )
    assert.deepEqual(
      rows.map((row) => ({ ...(row as object) })),
      [{ found: 500 }],
    )
  })

  it('may be as large as 500 versions of 25 KB are', { timeout: 60_000 }, async () => {
    await vault.set('heavy', 'x'.repeat(25 * 1024))
    const value = randomBytes(19_200).toString('base64')
    for (let count = 0; count < 499; count += 1) {
      await vault.set('heavy', value)
    }
    const blob = await blobOf('heavy')
    assert.ok(blob.length > 16 * 1024 * 1024)
    await purge('heavy')
    assert.equal((await restore(blob)).status, 200)
    assert.equal((await vault.ask('GET', '/secrets/heavy')).json.value, value)
  })

  it('is made of live secrets only', async () => {
    assert.equal((await vault.ask('POST', '/secrets/nothing/backup')).json.error.code, 'SecretNotFound')
    await vault.set('gone', 'v')
    await vault.ask('DELETE', '/secrets/gone')
    assert.equal((await vault.ask('POST', '/secrets/gone/backup')).status, 404)
  })

  it('needs its own permission, and so does restoring: for the secret that is in the blob', async () => {
    await vault.set('guarded', 'v')
    const blob = await blobOf('guarded')
    const scope = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const user = await house.newcomer('user')
    await house.assign(user.principal, builtInRoles.keyVaultSecretsUser, scope)
    const officer = await house.newcomer('officer of one secret')
    await house.assign(officer.principal, builtInRoles.keyVaultSecretsOfficer, `${scope}/secrets/guarded`)
    const [asUser, asOfficer] = [asking(house, await user.token()), asking(house, await officer.token())]
    assert.equal((await asUser.ask('GET', '/secrets/guarded')).status, 200)
    assert.equal((await asUser.ask('POST', '/secrets/guarded/backup')).status, 403)
    assert.equal((await asOfficer.ask('POST', '/secrets/guarded/backup')).status, 200)
    await vault.set('other', 'v')
    const otherBlob = await blobOf('other')
    for (const name of ['guarded', 'other']) await purge(name)
    assert.equal((await restore(blob, asUser)).status, 403)
    const heard = await restore(otherBlob, asOfficer)
    assert.equal(heard.status, 403)
    assert.match(heard.json.error.message, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\/restore\/action'/)
    assert.match(heard.json.error.message, /Resource: '[^']*\/vaults\/demo\/secrets\/other'/)
    assert.equal((await vault.ask('GET', '/secrets/other')).status, 404)
    assert.equal((await restore(blob, asOfficer)).status, 200)
  })

  it('is restored by one whose role has a condition on names only where the name in the blob meets it', async () => {
    const { subscription, domain } = house.cardea.installation
    const guest = await house.newcomer('officer of apps')
    const scope = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const roles = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions`
    const assigned = await house.ask(
      `management.${domain}`,
      'PUT',
      `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
      {
        token: await house.developerToken(`https://management.${domain}`),
        body: {
          properties: {
            principalId: guest.principal.objectId,
            roleDefinitionId: `${roles}/${builtInRoles.keyVaultSecretsOfficer.id}`,
            conditionVersion: '2.0',
            condition:
              "((!(ActionMatches{'Microsoft.KeyVault/vaults/secrets/restore/action'})) OR (@Request[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app-'))",
          },
        },
      },
    )
    assert.equal(assigned.status, 201, assigned.text)
    const asGuest = asking(house, await guest.token())
    for (const [name, status] of [
      ['app-db', 200],
      ['db', 403],
    ] as const) {
      await vault.set(name, 'v')
      const blob = await blobOf(name)
      await purge(name)
      assert.equal((await restore(blob, asGuest)).status, status, name)
    }
  })

  it('is asked for without body and without content type, as JavaScript does', async () => {
    await vault.set('bare', 'v')
    for (const target of ['/secrets/bare/backup', '/secrets/bare/backup/', '//secrets//BARE//Backup']) {
      for (const body of [undefined, '', '{}']) {
        const heard = await house.ask(house.vaultHost, 'POST', `${target}?${newest}`, {
          token,
          ...(body !== undefined && { body }),
        })
        assert.equal(heard.status, 200, `${target} ${body}`)
      }
    }
  })

  it('is made and restored on PostgreSQL as well', { skip: postgres.skip }, async () => {
    await using server = await startPostgres({ database: 'cardea' })
    await using there = await openHouse({ env: { CARDEA_DATABASE: server.url() } })
    const other = asking(there, await there.developerToken())
    for (const value of ['one', 'zwei ü 🔑', '']) await other.set('elsewhere', value, { tags: { value } })
    const before = await seen('elsewhere', other)
    const { value } = (await other.ask('POST', '/secrets/elsewhere/backup')).json
    assert.equal((await restore(value, other)).status, 409)
    await other.ask('DELETE', '/secrets/elsewhere')
    await other.ask('DELETE', '/deletedsecrets/elsewhere')
    const heard = await Promise.all([restore(value, other), restore(value, other)])
    assert.deepEqual(heard.map(({ status }) => status).toSorted(), [200, 409])
    assert.deepEqual(await seen('elsewhere', other), before)
    refusedAsMalformed(await restore(value), 'another installation')
  })

  it('keeps the version before it, and shows in the journal and in the feed as what it was', async () => {
    const first = await vault.set('history', 'one')
    await vault.set('history', 'two')
    const blob = await blobOf('history')
    await purge('history')
    const heard = await restore(blob)
    assert.equal(heard.json.previousVersion, versionOf(first))
    const { rows } = await house.cardea.base.database.read.run(
      "select type from change where name = 'history' order by sequence desc limit 1",
      [],
    )
    assert.deepEqual(
      rows.map((row) => (row as { type: string }).type),
      ['secret-version-created'],
    )
    const deeds = (await house.deeds()).filter(({ operation }) => /Backup|Restore/.test(operation))
    assert.deepEqual([...new Set(deeds.map(({ operation }) => operation))].toSorted(), [
      'SecretBackup',
      'SecretRestore',
    ])
    assert.equal(JSON.stringify(deeds).includes(blob.slice(20, 60)), false)
  })
})
