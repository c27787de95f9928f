import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm, type SoftHsm, type TestToken } from '@cardea/tools/servers/softhsm'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { asking, foundAnother } from './planes/vault/testing/vault.ts'
import { SettingsError, settingsFrom } from './settings.ts'
import { type Heard, type House, openHouse } from './testing/house.ts'
import { openRotatingKeys } from './testing/rotating-keys.ts'

const softHsm = needs('SoftHSM', findSoftHsm)
const text = Buffer.from('what is signed')
const value = createHash('sha256').update(text).digest('base64url')
const signatureIn = ({ json }: Heard): Buffer => Buffer.from(json.value, 'base64url')

describe('a server with a hardware module', { skip: softHsm.skip }, () => {
  let soft: SoftHsm
  let token: TestToken
  let data: string
  const envOf = (at: TestToken) => ({
    CARDEA_HSM_MODULE: at.module,
    CARDEA_HSM_TOKEN: at.token,
    CARDEA_HSM_PIN_FILE: at.pinFile,
  })
  const premium = async (house: House) =>
    asking(house, await house.developerToken(), await foundAnother(house, 'premium', { sku: 'premium' })).ask

  before(async () => {
    soft = await openSoftHsm()
    token = soft.newToken()
    data = await mkdtemp(join(tmpdir(), 'cardea-hsm-'))
  })
  after(async () => {
    await soft?.[Symbol.asyncDispose]()
    await rm(data, { recursive: true, force: true })
  })

  it('makes, imports and uses keys in it for premium vaults, and backs them up', async () => {
    await using house = await openHouse({ env: envOf(token) })
    const ask = await premium(house)

    const rsa = await ask('POST', '/keys/rsa/create', { kty: 'RSA-HSM' })
    assert.deepEqual([rsa.status, rsa.json.key.kty], [200, 'RSA-HSM'], rsa.text)
    const signed = await ask('POST', '/keys/rsa/sign', { alg: 'RS256', value })
    const { n, e } = rsa.json.key
    assert.ok(
      verify('sha256', text, createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' }), signatureIn(signed)),
    )
    const wrapped = await ask('POST', '/keys/rsa/wrapkey', { alg: 'RSA-OAEP', value })
    assert.equal(
      (await ask('POST', '/keys/rsa/unwrapkey', { alg: 'RSA-OAEP', value: wrapped.json.value })).json.value,
      value,
    )
    const lacking = await ask('POST', '/keys/rsa/decrypt', { alg: 'RSA-OAEP-256', value: wrapped.json.value })
    assert.deepEqual([lacking.status, lacking.json.error.code], [400, 'BadParameter'])
    assert.match(lacking.json.error.message, /CKM_RSA_PKCS_OAEP, is more than this hardware module offers/)

    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
    const ec = await ask('PUT', '/keys/ec', { key: { ...jwk, kty: 'EC-HSM' } })
    assert.deepEqual([ec.status, ec.json.key.kty, ec.json.key.x], [200, 'EC-HSM', jwk.x], ec.text)
    const es = await ask('POST', '/keys/ec/sign', { alg: 'ES256', value })
    const found = await ask('POST', '/keys/ec/verify', { alg: 'ES256', digest: value, value: es.json.value })
    assert.deepEqual([found.status, found.json.value], [200, true], found.text)

    const oct = await ask('POST', '/keys/oct/create', { kty: 'oct-HSM', key_size: 256 })
    assert.deepEqual([oct.status, oct.json.key.kty, oct.json.key.k], [200, 'oct-HSM', undefined], oct.text)
    const sealed = await ask('POST', '/keys/oct/encrypt', { alg: 'A256GCM', value })
    assert.equal(sealed.status, 200, sealed.text)
    const { iv, tag } = sealed.json
    const opened = await ask('POST', '/keys/oct/decrypt', { alg: 'A256GCM', value: sealed.json.value, iv, tag })
    assert.equal(opened.json.value, value, opened.text)

    const backup = await ask('POST', '/keys/ec/backup')
    await ask('DELETE', '/keys/ec')
    assert.equal((await ask('DELETE', '/deletedkeys/ec')).status, 204)
    assert.equal((await ask('POST', '/keys/restore', { value: backup.json.value })).status, 200)
    const again = await ask('POST', '/keys/ec/verify', { alg: 'ES256', digest: value, value: es.json.value })
    assert.equal(again.json.value, true)
    assert.equal((await ask('POST', '/keys/ec/sign', { alg: 'ES256', value })).status, 200)
  })

  it('rotates them there, on demand and by itself', async () => {
    await using here = await openRotatingKeys({ env: envOf(token) })
    const manager = await managerOf(here.house)
    const premium = { properties: { sku: { family: 'A', name: 'premium' } } }
    assert.equal((await manager.ask('PATCH', vaultPath('demo'), premium)).status, 200)
    const types = ['RSA-HSM', 'EC-HSM', 'oct-HSM']
    for (const kty of types) {
      await here.create(kty, { kty })
      assert.equal((await here.done('POST', `/keys/${kty}/rotate`)).key.kty, kty)
      await here.policy(kty, { rotate: { timeAfterCreate: 'P10D' } })
    }
    await here.leapTo(here.now() + 11 * 86_400_000)
    for (const kty of types) assert.equal((await here.reaches(kty, 3)).key.kty, kty)
    for (const { kid } of await here.versions('EC-HSM')) {
      const signed = await here.ask('POST', `${new URL(kid).pathname}/sign`, { alg: 'ES256', value })
      const { x, y } = (await here.done('GET', new URL(kid).pathname)).key
      const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
      assert.ok(verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signatureIn(signed)))
    }
  })

  it('uses after a start what it made before, and says what is missing when the module is', async () => {
    {
      await using house = await openHouse({ env: envOf(token), data })
      const ask = await premium(house)
      assert.equal((await ask('POST', '/keys/kept/create', { kty: 'EC-HSM' })).status, 200)
    }
    const host = 'premium.vault.cardea.internal'
    {
      await using house = await openHouse({ env: envOf(token), data })
      const { ask } = asking(house, await house.developerToken(), host)
      assert.equal((await ask('POST', '/keys/kept/sign', { alg: 'ES256', value })).status, 200)
    }
    {
      await using house = await openHouse({ data })
      const { ask } = asking(house, await house.developerToken(), host)
      const without = await ask('POST', '/keys/kept/sign', { alg: 'ES256', value })
      assert.match(without.json.error.message, /CARDEA_HSM_MODULE/)
      assert.equal((await ask('GET', '/keys/kept')).status, 200, 'its public part is there')
    }
    await using house = await openHouse({ env: envOf(soft.newToken()), data })
    const { ask } = asking(house, await house.developerToken(), host)
    const elsewhere = await ask('POST', '/keys/kept/sign', { alg: 'ES256', value })
    assert.equal(elsewhere.status, 503)
    assert.match(elsewhere.json.error.message, /doesn't have the wrapping key [0-9a-f]{32}/)
  })

  it('doesn’t start without its token, and says why', async () => {
    const refused = (env: Record<string, string>) =>
      openHouse({ env: { ...envOf(token), ...env } }).then(
        () => assert.fail('it started'),
        ({ message }: Error) => message,
      )
    assert.match(
      await refused({ CARDEA_HSM_TOKEN: 'another' }),
      /^The hardware module can't be used. .*no token with the label "another"/,
    )
    const wrong = join(soft.folder, 'wrong-pin')
    await writeFile(wrong, randomBytes(4).toString('hex'), { mode: 0o600 })
    assert.match(await refused({ CARDEA_HSM_PIN_FILE: wrong }), /refuses the PIN in CARDEA_HSM_PIN_FILE/)
  })
})

it('a hardware module is named by three settings, or by none', () => {
  const three = { CARDEA_HSM_MODULE: '/m.so', CARDEA_HSM_TOKEN: 'cardea', CARDEA_HSM_PIN_FILE: '/pin' }
  assert.deepEqual(settingsFrom(three).hsm, { module: '/m.so', token: 'cardea', pinFile: '/pin' })
  assert.equal(settingsFrom({}).hsm, undefined)
  for (const name of Object.keys(three))
    assert.throws(
      () => settingsFrom({ ...three, [name]: undefined }),
      (error) => error instanceof SettingsError && /go together/.test(error.message),
    )
  for (const label of ['', ' cardea', 'x'.repeat(33)])
    assert.throws(() => settingsFrom({ ...three, CARDEA_HSM_TOKEN: label }), /CARDEA_HSM_TOKEN must be the label/)
})
