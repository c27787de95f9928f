import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm, type SoftHsm, type TestToken } from '@cardea/tools/servers/softhsm'
import { openHsm } from '#base/keys/hsm/open-hsm.ts'
import { openVersion } from '#core/keys/keys.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { asking, foundAnother } from '../testing/vault.ts'

/**
 * What people are taught about keys in hardware holds here, whichever module the operator has. How well that module is made
 * (FIPS 140-2 Level 3) is the module's own; what a vault can do is to make and use keys nowhere else.
 */
const softHsm = needs('SoftHSM', findSoftHsm)
const text = Buffer.from('what is signed')
const value = createHash('sha256').update(text).digest('base64url')

describe('what is taught about keys in hardware', { skip: softHsm.skip }, () => {
  let soft: SoftHsm
  let token: TestToken
  let data: string
  let premium: string
  const envOf = (at: TestToken) => ({
    CARDEA_HSM_MODULE: at.module,
    CARDEA_HSM_TOKEN: at.token,
    CARDEA_HSM_PIN_FILE: at.pinFile,
  })
  const asked = async (house: House, host: string) => asking(house, await house.developerToken(), host).ask

  before(async () => {
    soft = await openSoftHsm()
    token = soft.newToken()
    data = await mkdtemp(join(tmpdir(), 'cardea-hsm-lesson-'))
  })
  after(async () => {
    await soft?.[Symbol.asyncDispose]()
    await rm(data, { recursive: true, force: true })
  })

  it('Compliance-grade key storage: HSM-backed keys (Premium tier)', async () => {
    await using house = await openHouse({ env: envOf(token), data })
    premium = await foundAnother(house, 'premium', { sku: 'premium' })
    const [inPremium, inStandard] = [await asked(house, premium), await asked(house, house.vaultHost)]
    for (const [kty, use] of [
      ['RSA-HSM', { alg: 'PS256', value }],
      ['EC-HSM', { alg: 'ES256', value }],
    ] as const) {
      const made = await inPremium('POST', `/keys/${kty}/create`, { kty })
      assert.deepEqual([made.status, made.json.key.kty], [200, kty], made.text)
      assert.equal((await inPremium('POST', `/keys/${kty}/sign`, use)).status, 200)
      // The tier decides, not the machine: this one has a module.
      const refused = await inStandard('POST', `/keys/${kty}/create`, { kty })
      assert.deepEqual([refused.status, refused.json.error.code], [400, 'BadParameter'])
      assert.match(refused.json.error.message, /need a premium vault/)
    }
    assert.equal((await inStandard('GET', '/keys')).json.value.length, 0)
    assert.equal((await inStandard('POST', '/keys/soft/create', { kty: 'RSA' })).json.key.kty, 'RSA')
  })

  it('HSM keys: Premium tier, FIPS 140-2 Level 3, private key never leaves vault', async () => {
    let kept: Awaited<ReturnType<typeof openVersion>>
    {
      await using house = await openHouse({ env: envOf(token), data })
      const ask = await asked(house, premium)
      const heard = [
        await ask('POST', '/keys/guarded/create', { kty: 'RSA-HSM' }),
        await ask('GET', '/keys/guarded'),
        await ask('GET', '/keys/guarded/versions'),
        await ask('PATCH', '/keys/guarded', { tags: {} }),
        await ask('POST', '/keys/guarded/backup'),
      ]
      for (const { status, text: said, json } of heard) {
        assert.equal(status, 200, said)
        for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(part in (json.key ?? {})))
      }
      const forbidden = await ask('POST', '/keys/out/create', { kty: 'RSA-HSM', attributes: { exportable: true } })
      assert.equal(forbidden.status, 400)

      // Even who has the database and every key that seals it holds nothing but what the module wrapped.
      const { database, keyring } = house.cardea.base
      const vault = await new VaultBook(database).vault('premium')
      assert.ok(vault !== undefined)
      const sight = { sql: database.read, keyring, meet: () => undefined }
      kept = await openVersion(sight, vault, 'guarded', undefined)
      const wrapped = Buffer.from(kept.key.secret)
      for (const type of ['pkcs8', 'pkcs1'] as const)
        assert.throws(() => createPrivateKey({ key: wrapped, format: 'der', type }))
      const backup = Buffer.from(heard[4]?.json.value, 'base64url')
      assert.ok(!backup.includes(wrapped), 'in a backup that is sealed once more')

      const { n, e } = heard[0]?.json.key ?? {}
      const signed = await ask('POST', '/keys/guarded/sign', { alg: 'RS256', value })
      const publicKey = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
      assert.ok(verify('sha256', text, publicKey, Buffer.from(signed.json.value, 'base64url')))
    }
    const { pinFile, ...other } = soft.newToken()
    const publicDoor = {
      verify: () => Promise.reject(new Error('not asked for')),
      encrypt: () => Promise.reject(new Error('not asked for')),
    }
    const elsewhere = await openHsm({ ...other, pinFile }, publicDoor)
    const digest = createHash('sha256').update(text).digest()
    await assert.rejects(elsewhere.sign(kept.key, 'RS256', digest), /wrapping key/)
    await elsewhere.close()
    await using house = await openHouse({ data })
    const without = await (await asked(house, premium))('POST', '/keys/guarded/sign', { alg: 'RS256', value })
    assert.equal(without.status, 400)
    assert.match(without.json.error.message, /no hardware security module/)
  })
})
