import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { type House, openHouse } from '../../../testing/house.ts'
import { asking } from '../testing/vault.ts'

/** What people are taught about keys in Azure Key Vault, sentence by sentence, holds here. */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

type Asks = (method: string, path: string, body?: object) => ReturnType<House['ask']>
const asDeveloper = async (): Promise<Asks> => asking(house, await house.developerToken()).ask
/** One who holds a role on the vault, and nothing else. */
async function holding(role: { readonly id: string }): Promise<Asks> {
  const { principal, token } = await house.newcomer(role.id)
  const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
  await house.assign(principal, role, vault)
  return asking(house, await token()).ask
}
const digest = Buffer.alloc(32, 7).toString('base64url')
const secret = Buffer.from('a secret').toString('base64url')

/** Does everything that a key is for, and tells whether it was as it should be. */
async function usesAll(ask: Asks, name: string): Promise<Record<string, boolean>> {
  const use = async (operation: string, body: object) => {
    const heard = await ask('POST', `/keys/${name}/${operation}`, body)
    assert.equal(heard.status, 200, `${operation}: ${heard.text}`)
    return heard.json.value
  }
  const signature = await use('sign', { alg: 'RS256', value: digest })
  const ciphertext = await use('encrypt', { alg: 'RSA-OAEP-256', value: secret })
  const wrapped = await use('wrapkey', { alg: 'RSA-OAEP', value: digest })
  return {
    sign: Buffer.from(signature, 'base64url').length === 256,
    verify: await use('verify', { alg: 'RS256', digest, value: signature }),
    encrypt: ciphertext !== secret,
    decrypt: (await use('decrypt', { alg: 'RSA-OAEP-256', value: ciphertext })) === secret,
    wrapKey: wrapped !== digest,
    unwrapKey: (await use('unwrapkey', { alg: 'RSA-OAEP', value: wrapped })) === digest,
  }
}
const all = { sign: true, verify: true, encrypt: true, decrypt: true, wrapKey: true, unwrapKey: true }

describe('what is taught about keys', () => {
  it('Keys: operations sign, verify, encrypt, decrypt, wrapKey, unwrapKey', async () => {
    const ask = await asDeveloper()
    const made = await ask('POST', '/keys/lesson/create', { kty: 'RSA' })
    assert.deepEqual(made.json.key.key_ops.toSorted(), Object.keys(all).toSorted())
    assert.deepEqual(await usesAll(ask, 'lesson'), all)
  })

  it('The private key material never leaves Key Vault: your app sends data to it, and never receives the raw key', async () => {
    const ask = await asDeveloper()
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = privateKey.export({ format: 'jwk' })
    const raw = Buffer.from(jwk.d as string, 'base64url')
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
    const signing = { alg: 'RS256', value: digest }
    const heard = [
      await ask('PUT', '/keys/private', { key: jwk }),
      await ask('GET', '/keys/private'),
      await ask('GET', '/keys'),
      await ask('GET', '/keys/private/versions'),
      await ask('PATCH', '/keys/private', { tags: {} }),
      await ask('POST', '/keys/private/sign', signing),
      await ask('POST', '/keys/private/backup'),
      await ask('DELETE', '/keys/private'),
      await ask('GET', '/deletedkeys/private'),
    ]
    for (const { status, json } of heard) {
      assert.equal(status, 200)
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.ok(!(part in (json.key ?? {})))
    }
    // Neither is it written down but sealed: not in an answer, not in the database, not in a log, in no spelling.
    const files = globSync('**/*', { cwd: house.data })
      .map((file) => join(house.data, file))
      .filter((file) => statSync(file).isFile())
    const kept = Buffer.concat([
      ...files.map((file) => readFileSync(file)),
      Buffer.from(heard.map(({ text }) => text).join()),
    ])
    assert.ok(kept.includes('/keys/private'))
    for (const bytes of [raw, pkcs8])
      for (const spelling of [bytes, ...(['base64', 'base64url', 'hex'] as const).map((code) => bytes.toString(code))])
        assert.ok(!kept.includes(spelling))
  })

  it('Key Vault Crypto User: perform crypto operations with keys. Does NOT allow reading the raw key material', async () => {
    await (await asDeveloper())('POST', '/keys/used/create', { kty: 'RSA' })
    const user = await holding(builtInRoles.keyVaultCryptoUser)
    assert.deepEqual(await usesAll(user, 'used'), all)
    assert.deepEqual(Object.keys((await user('GET', '/keys/used')).json.key), ['kid', 'kty', 'key_ops', 'n', 'e'])
    for (const [method, path, body] of [
      ['POST', '/keys/another/create', { kty: 'RSA' }],
      ['PUT', '/keys/another', { key: { kty: 'RSA' } }],
      ['DELETE', '/keys/used', undefined],
      ['POST', '/keys/restore', { value: 'AAAA' }],
      ['DELETE', '/deletedkeys/used', undefined],
      ['GET', '/secrets/used', undefined],
    ] as const)
      assert.equal((await user(method, path, body)).status, 403, `${method} ${path}`)
  })

  it('Key Vault Crypto Officer: manage keys (create, update, delete) + perform operations', async () => {
    const officer = await holding(builtInRoles.keyVaultCryptoOfficer)
    const done = async (method: string, path: string, body?: object) => {
      const { status, text } = await officer(method, path, body)
      assert.ok(status === 200 || status === 204, `${method} ${path}: ${text}`)
    }
    await done('POST', '/keys/managed/create', { kty: 'RSA' })
    assert.deepEqual(await usesAll(officer, 'managed'), all)
    await done('PATCH', '/keys/managed', { tags: { by: 'officer' } })
    await done('DELETE', '/keys/managed')
    await done('POST', '/deletedkeys/managed/recover')
    await done('DELETE', '/keys/managed')
    await done('DELETE', '/deletedkeys/managed')
    assert.equal((await officer('PUT', '/secrets/managed', { value: 'v' })).status, 403)
  })
})
