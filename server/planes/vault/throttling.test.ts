import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Operation } from '@cardea/contract/operation'
import { builtInRoles } from '@cardea/contract/roles'
import { createKey, getKey, listKeys, sign } from '@cardea/contract/vault/keys'
import { getSecret, setSecret } from '@cardea/contract/vault/secrets'
import type { Fault } from '#base/fault.ts'
import { stranger } from '#core/identity/caller.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { settingsFrom } from '../../settings.ts'
import { openHouse } from '../../testing/house.ts'
import { Quota, type Spenders } from '../http/quota.ts'
import { asking, foundAnother, newest } from './testing/vault.ts'
import { tollOf, type VaultQuota, type Weighed } from './throttling.ts'

/** A clock that stands still, so that a window never passes. */
const standing = () => {
  const at = Date.now()
  return () => at
}

describe('throttling on Key Vault’s wire', () => {
  it('is answered with the service’s words and when to come back, per vault, until the window has passed', async () => {
    let now = Date.now()
    await using house = await openHouse({ clock: () => now, env: { CARDEA_QUOTA: '20' } })
    const token = await house.developerToken()
    const vault = asking(house, token)
    const other = asking(house, token, await foundAnother(house, 'other'))
    await vault.set('hot', 'v')
    for (let count = 1; count < 20; count += 1) assert.equal((await vault.ask('GET', '/secrets/hot')).status, 200)
    now += 2500
    const heard = await vault.ask('GET', '/secrets/hot')
    assert.equal(heard.status, 429)
    assert.equal(heard.headers['retry-after'], '8')
    assert.equal(heard.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(
      heard.text,
      JSON.stringify({
        error: {
          code: 'Throttled',
          message:
            'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
        },
      }),
    )
    assert.equal((await other.ask('GET', '/secrets')).status, 200)
    now += 7499
    assert.equal((await vault.ask('GET', '/secrets/hot')).headers['retry-after'], '1')
    now += 1
    assert.equal((await vault.ask('GET', '/secrets/hot')).status, 200)
  })

  it('comes after the token and before everything else, body and permission too', async () => {
    await using house = await openHouse({ clock: standing(), env: { CARDEA_QUOTA: '3' } })
    const token = await house.developerToken()
    const vault = asking(house, token)
    const nobody = await (await house.newcomer('nobody')).token()
    for (let count = 0; count < 10; count += 1) {
      assert.equal((await house.ask(house.vaultHost, 'GET', `/secrets?${newest}`)).status, 401)
    }
    for (let count = 0; count < 3; count += 1) assert.equal((await vault.ask('GET', '/secrets')).status, 200)
    assert.equal((await house.ask(house.vaultHost, 'GET', `/secrets?${newest}`)).status, 401)
    assert.equal((await vault.ask('PUT', '/secrets/x', 'x'.repeat(1024 * 1024))).status, 429)
    assert.equal((await vault.ask('GET', '/secrets/x', undefined, 'api-version=never')).status, 429)
    assert.equal((await asking(house, nobody).ask('GET', '/secrets/x')).status, 429)
    assert.equal((await house.ask('none.vault.cardea.internal', 'GET', `/secrets?${newest}`, { token })).status, 404)
  })

  it('leaves one line in the journal for each that was refused, with who it was', async () => {
    await using house = await openHouse({ clock: standing(), env: { CARDEA_QUOTA: '1' } })
    const reader = await house.newcomer('reader')
    await house.assign(
      reader.principal,
      builtInRoles.keyVaultSecretsUser,
      `/subscriptions/${house.cardea.installation.subscription}`,
    )
    const vault = asking(house, await reader.token())
    for (let count = 0; count < 3; count += 1) await vault.ask('GET', '/secrets')
    const deeds = (await house.deeds()).filter(({ operation }) => operation === 'SecretList')
    assert.deepEqual(
      deeds.map(({ outcome, caller }) => [outcome, caller === reader.principal.objectId]),
      [
        ['done', true],
        ['throttled', true],
        ['throttled', true],
      ],
    )
  })

  /** How many of an operation are let through in one window, each of them with a key of this kind. */
  const passing = async (profile: string, operation: Operation, key?: Weighed): Promise<number> => {
    const known = { caller: stranger, subject: { name: 'demo' } as Vault }
    const clock = standing()
    const spenders: Spenders = (_, max, windowMs) => new Quota(max, windowMs, clock)
    const toll = tollOf(settingsFrom({ CARDEA_QUOTA: profile }).quota as VaultQuota, spenders)
    for (const other of [setSecret, getSecret, createKey, sign])
      if (profile === 'azure' && other !== operation) await toll.spend(known, other as Operation)
    for (let passed = 0; ; passed += 1) {
      try {
        await toll.spend(known, operation)
        if (key !== undefined) toll.charge(known.subject, operation, key)
      } catch (error) {
        assert.equal((error as Fault).code, 'throttled')
        return passed
      }
    }
  }

  it('counts settings apart under Azure’s profile: 300 of them, and 4,000 of all others; once it was 2,000 of any', async () => {
    assert.equal(await passing('azure', setSecret as Operation), 300)
    assert.equal(await passing('azure', getSecret as Operation), 4000)
    assert.equal(await passing('azure-2000', setSecret as Operation), 2000)
    assert.equal(await passing('azure-2000', getSecret as Operation), 2000)
  })

  it('counts keys apart under Azure’s profile: few new ones, and uses by the size of the key and where it lies', async () => {
    const rsa = (bits: number): Weighed => ({ shape: { type: 'RSA', bits }, custody: 'software' })
    const curve: Weighed = { shape: { type: 'EC', curve: 'P-521' }, custody: 'software' }
    const inModule = (key: Weighed): Weighed => ({ ...key, custody: 'hsm' })
    const use = sign as Operation
    assert.equal(await passing('azure', createKey as Operation, rsa(4096)), 20)
    assert.equal(await passing('azure', createKey as Operation, inModule(curve)), 10)
    for (const [key, software, module] of [
      [rsa(2048), 4000, 2000],
      [curve, 4000, 2000],
    ] as const) {
      assert.equal(await passing('azure', use, key), software)
      assert.equal(await passing('azure', use, inModule(key)), module)
    }
    // One of another key stands in the same window already.
    assert.equal(await passing('azure', getKey as Operation), 3999)
    for (const [bits, software, module] of [
      [3072, 1000, 500],
      [4096, 500, 250],
    ] as const) {
      assert.equal(await passing('azure', use, rsa(bits)), software)
      assert.equal(await passing('azure', use, inModule(rsa(bits))), module)
    }
    assert.equal(await passing('azure', listKeys as Operation), 3999)
    assert.equal(await passing('azure-2000', use, rsa(4096)), 2000)
  })

  it('is off unless it is asked for, and never counts what only Cardea has', async () => {
    const clock = standing()
    const health = async (env: Record<string, string>) => {
      await using house = await openHouse({ clock, env })
      const vault = asking(house, await house.developerToken())
      await vault.set('a', 'v')
      const seen = new Set<number>()
      for (let count = 0; count < 40; count += 1) seen.add((await vault.ask('GET', '/secrets/a')).status)
      const ours = await vault.ask('GET', '/.cardea/secrets/a/rotation', undefined, '')
      return { seen: [...seen], ours: ours.status }
    }
    assert.deepEqual((await health({})).seen, [200])
    assert.deepEqual((await health({ CARDEA_QUOTA: 'off' })).seen, [200])
    const { seen, ours } = await health({ CARDEA_QUOTA: '5' })
    assert.deepEqual(seen, [200, 429])
    assert.notEqual(ours, 429)
  })
})
