import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../testing/house.ts'
import { asking, newest } from './testing/vault.ts'

// The clock stands still: what ends here doesn't end because time passes.
const now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const { set } = asking(house, await house.developerToken())

describe('permission on Key Vault’s wire', () => {
  it('is denied by default, with the service’s words, and comes before existence and form', async () => {
    const stranger = await house.newcomer('stranger')
    const bearer = await stranger.token()
    for (const [method, path] of [
      ['GET', '/secrets/nothing'],
      ['PUT', '/secrets/a_b'],
      ['GET', '/secrets'],
      ['DELETE', '/deletedsecrets/nothing'],
    ] as const) {
      const heard = await house.ask(house.vaultHost, method, `${path}?api-version=never`, { token: bearer })
      assert.equal(heard.status, 403, `${method} ${path}`)
      assert.equal(heard.json.error.innererror.code, 'ForbiddenByRbac')
      assert.match(
        heard.json.error.message,
        new RegExp(`Caller: appid=${stranger.principal.appId};oid=${stranger.principal.objectId}`),
      )
      assert.match(heard.json.error.message, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\//)
    }
  })

  it('holds for one secret when it was given for one, and for nothing beside it', async () => {
    await set('mine', 'v')
    await set('mine-too', 'v')
    const reader = await house.newcomer('reader of one')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/mine`)
    const bearer = await reader.token()
    const get = (path: string) => house.ask(house.vaultHost, 'GET', `${path}?${newest}`, { token: bearer })
    assert.equal((await get('/secrets/mine')).status, 200)
    assert.equal((await get('/secrets/MINE')).status, 200)
    assert.equal((await get('/secrets/mine-too')).status, 403)
    assert.equal((await get('/secrets')).status, 403)
    assert.equal(
      (await house.ask(house.vaultHost, 'PUT', `/secrets/mine?${newest}`, { token: bearer, body: { value: 'w' } }))
        .status,
      403,
    )
  })

  it('is never given by a management role (P9)', async () => {
    const contributor = await house.newcomer('contributor')
    for (const role of [builtInRoles.owner, builtInRoles.contributor]) {
      await house.assign(contributor.principal, role, `/subscriptions/${house.cardea.installation.subscription}`)
    }
    await set('managed', 'v')
    const heard = await house.ask(house.vaultHost, 'GET', `/secrets/managed?${newest}`, {
      token: await contributor.token(),
    })
    assert.equal(heard.status, 403)
  })

  it('holds and ends from the moment that was answered (P6)', async () => {
    await set('moment', 'v')
    const reader = await house.newcomer('reader for a moment')
    const bearer = await reader.token()
    const get = async () =>
      (await house.ask(house.vaultHost, 'GET', `/secrets/moment?${newest}`, { token: bearer })).status
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await get(), 403)
      const revoke = await house.assign(
        reader.principal,
        builtInRoles.keyVaultSecretsUser,
        `/subscriptions/${house.cardea.installation.subscription}`,
      )
      assert.equal(await get(), 200)
      const racing = Array.from({ length: 8 }, get)
      await revoke()
      assert.equal(await get(), 403)
      await Promise.all(racing)
    }
  })
})
