import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { type Asking, asking, foundAnother, versionOf } from '../testing/vault.ts'

/** What people are taught about secrets in Azure Key Vault, sentence by sentence, holds here. */
const day = 86_400_000
let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
let vault = asking(house, await house.developerToken())

/** Time passes, and a token with it. */
async function later(ms: number): Promise<void> {
  now += ms
  vault = asking(house, await house.developerToken())
}
const vaultId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
async function holding(name: string, role: { readonly id: string }, scope: string): Promise<Asking> {
  const { principal, token } = await house.newcomer(name)
  await house.assign(principal, role, scope)
  return asking(house, await token())
}

describe('what is taught about versions', () => {
  it('Every set_secret() call creates a new version. Old versions remain accessible until explicitly deleted', async () => {
    const versions: string[] = []
    for (let count = 0; count < 30; count += 1)
      versions.push(versionOf(await vault.set('openai-api-key', `sk-${count}`)))
    assert.equal(new Set(versions).size, 30)
    await later(5 * day)
    for (const [index, version] of versions.entries()) {
      assert.equal((await vault.ask('GET', `/secrets/openai-api-key/${version}`)).json.value, `sk-${index}`)
    }
    await vault.ask('DELETE', '/secrets/openai-api-key')
    for (const version of versions) {
      assert.equal((await vault.ask('GET', `/secrets/openai-api-key/${version}`)).status, 404)
    }
  })

  it('The "latest" version is what get_secret(name) without a version returns', async () => {
    for (const value of ['one', 'two', 'three']) {
      await vault.set('latest', value)
      assert.equal((await vault.ask('GET', '/secrets/latest')).json.value, value)
    }
  })

  it('Disable (deactivate) without deleting', async () => {
    await vault.set('cosmos-db-connection', 'v', { tags: { app: 'ai' } })
    await vault.ask('PATCH', '/secrets/cosmos-db-connection', { attributes: { enabled: false } })
    assert.equal((await vault.ask('GET', '/secrets/cosmos-db-connection')).status, 403)
    const [item] = (await vault.ask('GET', '/secrets/cosmos-db-connection/versions')).json.value
    assert.deepEqual([item.attributes.enabled, item.tags], [false, { app: 'ai' }])
    await vault.ask('PATCH', '/secrets/cosmos-db-connection', { attributes: { enabled: true } })
    assert.equal((await vault.ask('GET', '/secrets/cosmos-db-connection')).json.value, 'v')
  })
})

describe('what is taught about deletion', () => {
  it('Secret was deleted but needs to be recovered. Soft delete: recover from deleted state within retention window', async () => {
    const there = async () => asking(house, await house.developerToken(), 'week.vault.cardea.internal')
    await foundAnother(house, 'week', { retentionDays: 7 })
    let week = await there()
    await week.set('lost', 'v')
    await week.ask('DELETE', '/secrets/lost')
    await later(7 * day - 60_000)
    week = await there()
    assert.equal((await week.ask('POST', '/deletedsecrets/lost/recover')).status, 200)
    assert.equal((await week.ask('GET', '/secrets/lost')).json.value, 'v')
  })

  it('Deleted secrets move to deleted state for 7–90 days before permanent removal', async () => {
    const there = async () => asking(house, await house.developerToken(), 'removal.vault.cardea.internal')
    await foundAnother(house, 'removal', { retentionDays: 7, purgeProtection: true })
    let removal = await there()
    await removal.set('old', 'v')
    await removal.ask('DELETE', '/secrets/old')
    await later(7 * day - 60_000)
    removal = await there()
    assert.equal((await removal.ask('GET', '/deletedsecrets/old')).status, 200)
    await later(61_000)
    // A commit has the due-index looked at, with the clock as it is now.
    for (let tries = 0; tries < 200; tries += 1) {
      await removal.set('stir', `${tries}`)
      if ((await removal.ask('GET', '/deletedsecrets/old')).status === 404) break
      await wait(20)
    }
    assert.equal((await removal.ask('GET', '/deletedsecrets/old')).status, 404)
    const { rows } = await house.cardea.base.database.read.run(
      "select * from secret_version where name_key = 'old'",
      [],
    )
    assert.deepEqual(rows, [])
  })

  it('Purge permanently (only after deletion, if purge protection disabled)', async () => {
    await vault.set('purged', 'v')
    assert.equal((await vault.ask('DELETE', '/deletedsecrets/purged')).status, 404)
    assert.equal((await vault.ask('GET', '/secrets/purged')).status, 200)
    await vault.ask('DELETE', '/secrets/purged')
    assert.equal((await vault.ask('DELETE', '/deletedsecrets/purged')).status, 204)
    assert.equal((await vault.ask('POST', '/deletedsecrets/purged/recover')).status, 404)
  })

  it('Purge protection prevents permanent deletion during the retention period, even by vault owners', async () => {
    const host = await foundAnother(house, 'protected', { retentionDays: 7, purgeProtection: true })
    const owner = await house.newcomer('owner and administrator')
    for (const role of [builtInRoles.owner, builtInRoles.keyVaultAdministrator]) {
      await house.assign(owner.principal, role, `/subscriptions/${house.cardea.installation.subscription}`)
    }
    const asOwner = asking(house, await owner.token(), host)
    await asOwner.set('kept', 'v')
    await asOwner.ask('DELETE', '/secrets/kept')
    const heard = await asOwner.ask('DELETE', '/deletedsecrets/kept')
    assert.equal(heard.status, 403)
    assert.match(heard.json.error.message, /^Operation "purge" is not allowed because purge protection is enabled/)
    assert.equal((await asOwner.ask('POST', '/deletedsecrets/kept/recover')).status, 200)
  })
})

describe('what is taught about roles', () => {
  it('AI app needs to read the OpenAI API key at startup. Minimum required role: Key Vault Secrets User', async () => {
    await vault.set('startup', 'v')
    const nobody = asking(house, await (await house.newcomer('app without a role')).token())
    const app = await holding('app', builtInRoles.keyVaultSecretsUser, vaultId())
    const reader = await holding('reader', builtInRoles.keyVaultReader, vaultId())
    assert.equal((await nobody.ask('GET', '/secrets/startup')).status, 403)
    assert.equal((await reader.ask('GET', '/secrets/startup')).status, 403)
    assert.equal((await app.ask('GET', '/secrets/startup')).json.value, 'v')
  })

  it('Secrets User: read-only access to secrets', async () => {
    await vault.set('read-only', 'v')
    const app = await holding('reading app', builtInRoles.keyVaultSecretsUser, vaultId())
    assert.equal((await app.ask('GET', '/secrets')).status, 200)
    for (const [method, path, body] of [
      ['PUT', '/secrets/read-only', { value: 'w' }],
      ['PATCH', '/secrets/read-only', { tags: {} }],
      ['DELETE', '/secrets/read-only', undefined],
      ['POST', '/secrets/read-only/backup', undefined],
      ['POST', '/secrets/restore', { value: 'x' }],
      ['POST', '/deletedsecrets/read-only/recover', undefined],
      ['DELETE', '/deletedsecrets/read-only', undefined],
    ] as const) {
      assert.equal((await app.ask(method, path, body)).status, 403, `${method} ${path}`)
    }
  })

  it('CI/CD creates/updates secrets: Key Vault Secrets Officer', async () => {
    const pipeline = await holding('pipeline', builtInRoles.keyVaultSecretsOfficer, vaultId())
    await pipeline.set('from-pipeline', 'v')
    assert.equal((await pipeline.ask('PATCH', '/secrets/from-pipeline', { tags: { build: '1' } })).status, 200)
    assert.equal((await pipeline.ask('GET', '/secrets/from-pipeline')).json.value, 'v')
    assert.equal((await pipeline.ask('DELETE', '/secrets/from-pipeline')).status, 200)
    assert.equal((await pipeline.ask('DELETE', '/deletedsecrets/from-pipeline')).status, 204)
  })

  it('A developer is Contributor on the subscription but can’t read secrets; Secrets User lets them', async () => {
    await vault.set('contributed', 'v')
    const developer = await house.newcomer('contributor')
    const subscription = `/subscriptions/${house.cardea.installation.subscription}`
    await house.assign(developer.principal, builtInRoles.contributor, subscription)
    const asDeveloper = asking(house, await developer.token())
    assert.equal((await asDeveloper.ask('GET', '/secrets/contributed')).json.error.innererror.code, 'ForbiddenByRbac')
    await house.assign(developer.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    assert.equal((await asDeveloper.ask('GET', '/secrets/contributed')).json.value, 'v')
  })

  it('Individual secret level: access to only one secret', async () => {
    for (const name of ['one', 'another']) await vault.set(name, 'v')
    const app = await holding('app of one', builtInRoles.keyVaultSecretsUser, `${vaultId()}/secrets/one`)
    assert.equal((await app.ask('GET', '/secrets/one')).status, 200)
    assert.equal((await app.ask('GET', '/secrets/another')).status, 403)
    assert.equal((await app.ask('GET', '/secrets')).status, 403)
  })
})
