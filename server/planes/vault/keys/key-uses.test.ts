import assert from 'node:assert/strict'
import {
  constants,
  createPublicKey,
  type KeyObject,
  publicDecrypt,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Kept, onBothEngines } from '../../../testing/engines.ts'
import { type Heard, type House, openHouse } from '../../../testing/house.ts'
import { base64url, bytesOf, curves, digestFor, digests, type Keys, keysIn, text, versionIn } from '../testing/keys.ts'
import { asking, foundAnother, said } from '../testing/vault.ts'

/** The public part of an answer, for somebody who only has Node. */
const publicKeyOf = ({ json: { key } }: Heard): KeyObject =>
  createPublicKey({ key: { ...key, crv: key.crv === 'P-256K' ? 'secp256k1' : key.crv }, format: 'jwk' })

onBothEngines((keep) => {
  let now = Date.now()
  let kept: Kept
  let house: House
  let token: string
  let ask: Keys['ask']
  let make: Keys['make']
  let use: Keys['use']
  before(async () => {
    kept = await keep()
    house = await openHouse({ clock: () => now, env: kept.env })
    token = await house.developerToken()
    ;({ ask, make, use } = keysIn(house, token))
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  describe('using a key', () => {
    it('signs with every algorithm of RSA what others verify, and verifies it', async () => {
      const made = await make('rsa', { kty: 'RSA' })
      for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
        const digest = base64url(digestFor(alg))
        const signed = await use('rsa', 'sign', { alg, value: digest })
        const key = alg.startsWith('PS')
          ? { key: publicKeyOf(made), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: digestFor(alg).length }
          : publicKeyOf(made)
        assert.ok(verify(`sha${alg.slice(2)}`, text, key, bytesOf(signed)), alg)
        const { value } = signed.json
        const other = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`
        assert.equal((await use('rsa', 'verify', { alg, digest, value })).text, '{"value":true}')
        assert.equal((await use('rsa', 'verify', { alg, digest, value: other })).text, '{"value":false}')
        assert.equal((await use('rsa', 'verify', { alg, digest, value: 'AAAA' })).text, '{"value":false}')
      }
    })

    it('signs bytes that are no digest, as TLS once did, with RSNULL', async () => {
      const made = await make('bare', { kty: 'RSA' })
      const bytes = randomBytes(36)
      const signed = await use('bare', 'sign', { alg: 'RSNULL', value: base64url(bytes) })
      assert.deepEqual(publicDecrypt(publicKeyOf(made), bytesOf(signed)), bytes)
      const asked = { alg: 'RSNULL', digest: base64url(bytes), value: signed.json.value }
      assert.deepEqual((await use('bare', 'verify', asked)).json, { value: true })
    })

    it('signs on every curve with r and then s, as others verify', async () => {
      for (const [crv, alg] of Object.entries(curves)) {
        const made = await make('ec', { kty: 'EC', crv })
        const digest = base64url(digestFor(alg))
        const signed = await use('ec', 'sign', { alg, value: digest })
        const hash = `sha${alg.slice(2, 5)}`
        assert.ok(verify(hash, text, { key: publicKeyOf(made), dsaEncoding: 'ieee-p1363' }, bytesOf(signed)), alg)
        assert.deepEqual((await use('ec', 'verify', { alg, digest, value: signed.json.value })).json, { value: true })
      }
    })

    it('encrypts and wraps here what it decrypts and unwraps, and decrypts what others encrypted', async () => {
      const made = await make('secrecy', { kty: 'RSA', key_size: 3072 })
      const [plain, key] = [base64url(text), base64url(randomBytes(32))]
      for (const alg of ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']) {
        const encrypted = await use('secrecy', 'encrypt', { alg, value: plain })
        assert.deepEqual(Object.keys(encrypted.json), ['kid', 'value'])
        assert.equal(bytesOf(encrypted).length, 384)
        assert.equal((await use('secrecy', 'decrypt', { alg, value: encrypted.json.value })).json.value, plain)
        const wrapped = await use('secrecy', 'wrapkey', { alg, value: key })
        assert.equal((await use('secrecy', 'unwrapkey', { alg, value: wrapped.json.value })).json.value, key)
      }
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      const elsewhere = publicEncrypt({ key: publicKeyOf(made), padding, oaepHash: 'sha256' }, text)
      const decrypted = await use('secrecy', 'decrypt', { alg: 'RSA-OAEP-256', value: base64url(elsewhere) })
      assert.deepEqual(bytesOf(decrypted), text)
    })

    it('stays possible with an old version, by its id, which every result tells', async () => {
      const { kid } = (await make('rotated', { kty: 'RSA' })).json.key
      const encrypted = await use('rotated', 'encrypt', { alg: 'RSA-OAEP', value: 'AAAA' })
      assert.equal(encrypted.json.kid, kid)
      await make('rotated', { kty: 'RSA' })
      const asked = { alg: 'RSA-OAEP', value: encrypted.json.value }
      const decrypted = await use(`rotated/${versionIn(kid)}`, 'decrypt', asked)
      assert.deepEqual(decrypted.json, { kid, value: 'AAAA' })
      const withLatest = await ask('POST', '/keys/rotated/decrypt', asked)
      assert.equal(said(withLatest), '400 BadParameter')
    })

    it('takes base64url with its padding, too', async () => {
      await make('padded', { kty: 'RSA' })
      const { value } = (await use('padded', 'encrypt', { alg: 'RSA-OAEP', value: 'AA==' })).json
      assert.equal((await use('padded', 'decrypt', { alg: 'RSA-OAEP', value })).json.value, 'AA')
    })

    it('leaves one entry in the journal that names the version, and nothing of what it was used on', async () => {
      const { kid } = (await make('told', { kty: 'RSA' })).json.key
      now += 1
      const { value } = (await use('told', 'encrypt', { alg: 'RSA-OAEP', value: base64url(text) })).json
      now += 1
      await use('told', 'decrypt', { alg: 'RSA-OAEP', value })
      const deeds = (await house.deeds()).filter(({ resource }) => resource.includes('/keys/told'))
      assert.deepEqual(
        deeds.map(({ operation, resource, outcome }) => [operation, resource.split('/').slice(-2).join('/'), outcome]),
        ['KeyCreate', 'KeyEncrypt', 'KeyDecrypt'].map((operation) => [operation, `told/${versionIn(kid)}`, 'done']),
      )
      const all = JSON.stringify(deeds)
      for (const hidden of [value, base64url(text), text.toString()]) assert.ok(!all.includes(hidden))
    })
  })

  describe('what the state of a key forbids', () => {
    const asked = {
      sign: { alg: 'RS256', value: base64url(digests['256']) },
      verify: { alg: 'RS256', digest: base64url(digests['256']), value: 'AAAA' },
      encrypt: { alg: 'RSA-OAEP', value: 'AAAA' },
      wrapkey: { alg: 'RSA-OAEP', value: 'AAAA' },
    }
    /** What each use of a key answers; for decrypting, something that it encrypted earlier. */
    async function uses(name: string, ciphertext: string): Promise<Record<string, string>> {
      const cipher = { alg: 'RSA-OAEP', value: ciphertext }
      const seen: Record<string, string> = {}
      for (const [operation, body] of Object.entries({ ...asked, decrypt: cipher, unwrapkey: cipher }))
        seen[operation] = said(await ask('POST', `/keys/${name}/${operation}`, body))
      return seen
    }
    const each = (answer: string) =>
      Object.fromEntries(['sign', 'verify', 'encrypt', 'wrapkey', 'decrypt', 'unwrapkey'].map((one) => [one, answer]))
    const encryptedBy = async (name: string): Promise<string> =>
      (await use(name, 'encrypt', asked.encrypt)).json.value as string

    it('disabled, it can be read and changed, and used for nothing', async () => {
      await make('disabled', { kty: 'RSA' })
      const ciphertext = await encryptedBy('disabled')
      const changed = await ask('PATCH', '/keys/disabled', { attributes: { enabled: false } })
      assert.deepEqual([changed.status, changed.json.attributes.enabled], [200, false])
      assert.deepEqual(await uses('disabled', ciphertext), each('403 Forbidden KeyDisabled'))
      const heard = await ask('POST', '/keys/disabled/sign', asked.sign)
      assert.equal(heard.json.error.message, 'Operation sign is not allowed on a disabled key.')
      assert.equal((await ask('GET', '/keys/disabled')).status, 200)
      await ask('PATCH', '/keys/disabled', { attributes: { enabled: true } })
      assert.deepEqual(await uses('disabled', ciphertext), each('200'))
    })

    it('outside of its dates it protects nothing new, and opens and proves what there is', async () => {
      const seconds = Math.floor(now / 1000)
      await make('dated', { kty: 'RSA' })
      const ciphertext = await encryptedBy('dated')
      const put = (attributes: object) => ask('PATCH', '/keys/dated', { attributes })
      await put({ nbf: seconds + 3600 })
      const early = await uses('dated', ciphertext)
      await put({ nbf: null, exp: seconds - 1 })
      const late = await uses('dated', ciphertext)
      for (const seen of [early, late]) {
        for (const operation of ['sign', 'encrypt', 'wrapkey']) assert.match(seen[operation] ?? '', /^403 Forbidden/)
        for (const operation of ['verify', 'decrypt', 'unwrapkey']) assert.equal(seen[operation], '200')
      }
      const heard = await ask('POST', '/keys/dated/sign', asked.sign)
      assert.equal(heard.json.error.message, 'Operation sign is not allowed on an expired key.')
      await put({ exp: null })
      assert.deepEqual(await uses('dated', ciphertext), each('200'))
    })

    it('its key_ops name what it is for, and can be changed', async () => {
      await make('narrow', { kty: 'RSA' })
      const ciphertext = await encryptedBy('narrow')
      await ask('PATCH', '/keys/narrow', { key_ops: ['decrypt'] })
      const refused = '403 Forbidden KeyOperationForbidden'
      assert.deepEqual(await uses('narrow', ciphertext), { ...each(refused), decrypt: '200' })
      const heard = await ask('POST', '/keys/narrow/unwrapkey', { alg: 'RSA-OAEP', value: ciphertext })
      assert.match(heard.json.error.message, /^Operation unwrapKey is not permitted on this key/)
    })

    it('deleted, it is nowhere but among the deleted, and does as before once it is recovered', async () => {
      await make('deleted', { kty: 'RSA' })
      const ciphertext = await encryptedBy('deleted')
      const deleted = await ask('DELETE', '/keys/deleted')
      assert.equal(deleted.json.recoveryId, 'https://demo.vault.cardea.internal/deletedkeys/deleted')
      assert.equal(deleted.json.scheduledPurgeDate - deleted.json.deletedDate, 90 * 86_400)
      assert.deepEqual(await uses('deleted', ciphertext), each('404 KeyNotFound'))
      for (const [method, path] of [
        ['GET', '/keys/deleted'],
        ['PATCH', '/keys/deleted'],
        ['DELETE', '/keys/deleted'],
        ['POST', '/keys/deleted/backup'],
      ] as const)
        assert.equal(said(await ask(method, path, method === 'PATCH' ? { tags: {} } : undefined)), '404 KeyNotFound')
      assert.deepEqual((await ask('GET', '/keys/deleted/versions')).json, { value: [], nextLink: null })
      assert.deepEqual((await ask('GET', '/deletedkeys/deleted')).json, deleted.json)
      assert.equal((await ask('POST', '/deletedkeys/deleted/recover')).status, 200)
      assert.deepEqual(await uses('deleted', ciphertext), each('200'))
      await ask('DELETE', '/keys/deleted')
      assert.equal((await ask('DELETE', '/deletedkeys/deleted')).status, 204)
      const gone = await ask('GET', '/deletedkeys/deleted')
      assert.deepEqual([said(gone), gone.json.error.message], ['404 KeyNotFound', 'Deleted Key not found: deleted'])
    })

    it('what isn’t there is said in the service’s words, also of a version, and of a key in another vault', async () => {
      await make('here', { kty: 'RSA' })
      const other = asking(house, token, await foundAnother(house, 'neighbour'))
      for (const [heard, about] of [
        [await ask('GET', '/keys/nothing'), 'nothing'],
        [await ask('POST', '/keys/nothing/sign', asked.sign), 'nothing'],
        [await ask('POST', `/keys/here/${'0'.repeat(32)}/sign`, asked.sign), `here/${'0'.repeat(32)}`],
        [await other.ask('POST', '/keys/here/sign', asked.sign), 'here'],
      ] as const) {
        assert.equal(said(heard), '404 KeyNotFound')
        assert.equal(
          heard.json.error.message,
          `A key with (name/id) ${about} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
        )
      }
    })
  })
})
