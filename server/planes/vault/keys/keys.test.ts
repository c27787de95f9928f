import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicDecrypt,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { vaultVersions } from '@cardea/contract/vault/versions'
import { type Kept, onBothEngines } from '../../../testing/engines.ts'
import { type Heard, type House, openHouse } from '../../../testing/house.ts'
import { type Asking, asking, foundAnother, newest } from '../testing/vault.ts'

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const bytesOf = ({ json }: Heard): Buffer => Buffer.from(json.value, 'base64url')
const versionIn = (kid: string): string => kid.split('/').at(-1) as string
const said = ({ status, json }: Heard): string =>
  [status, json?.error?.code, json?.error?.innererror?.code].filter((part) => part !== undefined).join(' ')

/** The public part of an answer, for somebody who only has Node. */
const publicKeyOf = ({ json: { key } }: Heard): KeyObject =>
  createPublicKey({ key: { ...key, crv: key.crv === 'P-256K' ? 'secp256k1' : key.crv }, format: 'jwk' })

const text = Buffer.from('what is signed')
const digests = {
  '256': createHash('sha256').update(text).digest(),
  '384': createHash('sha384').update(text).digest(),
  '512': createHash('sha512').update(text).digest(),
}
const digestFor = (algorithm: string): Buffer => digests[algorithm.slice(2, 5) as keyof typeof digests]
const curves = { 'P-256': 'ES256', 'P-256K': 'ES256K', 'P-384': 'ES384', 'P-521': 'ES512' }
const forRsa = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey']

onBothEngines((keep) => {
  let now = Date.now()
  let kept: Kept
  let house: House
  let token: string
  let ask: Asking['ask']
  before(async () => {
    kept = await keep()
    house = await openHouse({ clock: () => now, env: kept.env })
    token = await house.developerToken()
    ask = asking(house, token).ask
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  /** A new version of a key, which must be made. */
  async function make(name: string, asked: object): Promise<Heard> {
    const heard = await ask('POST', `/keys/${name}/create`, asked)
    assert.equal(heard.status, 200, heard.text)
    return heard
  }
  /** Uses a key, which must be allowed. */
  async function use(name: string, operation: string, asked: object): Promise<Heard> {
    const heard = await ask('POST', `/keys/${name}/${operation}`, asked)
    assert.equal(heard.status, 200, heard.text)
    return heard
  }
  describe('making a key', () => {
    it('answers with its public part, and what holds where nothing was said, as the service does', async () => {
      const rsa = await make('Plain', { kty: 'RSA' })
      const { kid, n } = rsa.json.key
      assert.match(kid, /^https:\/\/demo\.vault\.cardea\.internal\/keys\/Plain\/[0-9a-f]{32}$/)
      const seconds = Math.floor(now / 1000)
      const recoverable = { recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 }
      const attributes = { enabled: true, created: seconds, updated: seconds, ...recoverable }
      assert.equal(
        rsa.text,
        JSON.stringify({
          key: { kid, kty: 'RSA', key_ops: forRsa, n, e: 'AQAB' },
          attributes: { ...attributes, exportable: false, hsmPlatform: '0' },
        }),
      )
      assert.equal(Buffer.from(n, 'base64url').length, 256)
      const { key } = (await make('curved', { kty: 'EC' })).json
      assert.equal(
        JSON.stringify({ ...key, kid: '', x: key.x.length, y: key.y.length }),
        JSON.stringify({ kid: '', kty: 'EC', key_ops: ['sign', 'verify'], crv: 'P-256', x: 43, y: 43 }),
      )
    })

    it('knows three sizes and four curves, and passes over another exponent', async () => {
      for (const bits of [2048, 3072, 4096]) {
        const { json } = await make('sizes', { kty: 'RSA', key_size: bits, public_exponent: 3 })
        assert.deepEqual([Buffer.from(json.key.n, 'base64url').length * 8, json.key.e], [bits, 'AQAB'])
      }
      for (const crv of Object.keys(curves)) assert.equal((await make('sizes', { kty: 'EC', crv })).json.key.crv, crv)
      // As az says it.
      assert.equal((await make('sizes', { kty: 'EC', crv: 'SECP256K1' })).json.key.crv, 'P-256K')
      // As policies of certificates say it.
      assert.equal((await make('sizes', { kty: 'EC', crv: 'P-384', key_size: 384 })).json.key.crv, 'P-384')
    })

    it('of a name that is there adds a version that inherits nothing, and that is the latest', async () => {
      const first = await make('twice', { kty: 'EC', tags: { a: '1' }, key_ops: ['verify'], attributes: { exp: 2e9 } })
      assert.deepEqual(first.json.key.key_ops, ['verify'])
      const second = await make('Twice', { kty: 'RSA' })
      assert.match(second.json.key.kid, /\/keys\/twice\//)
      assert.deepEqual(
        [second.json.tags, second.json.attributes.exp, second.json.key.key_ops],
        [undefined, undefined, forRsa],
      )
      for (const path of ['/keys/twice', '/keys/twice/', '/keys/TWICE']) {
        assert.deepEqual((await ask('GET', path)).json, second.json)
      }
      assert.deepEqual((await ask('GET', `/keys/twice/${versionIn(first.json.key.kid)}`)).json, first.json)
      const versions = (await ask('GET', '/keys/twice/versions')).json.value.map(({ kid }: { kid: string }) => kid)
      assert.deepEqual(versions, [first, second].map(({ json }) => json.key.kid).toSorted())
    })

    it('by two at the same moment makes two versions, and one of them is the latest', async () => {
      const made = await Promise.all([1, 2, 3, 4].map(() => make('crowded', { kty: 'EC' })))
      const kids = made.map(({ json }) => json.key.kid)
      assert.equal(new Set(kids).size, 4)
      assert.equal((await ask('GET', '/keys/crowded/versions')).json.value.length, 4)
      assert.ok(kids.includes((await ask('GET', '/keys/crowded')).json.key.kid))
    })

    it('of a name that is deleted is refused in the service’s words', async () => {
      await make('taken', { kty: 'EC' })
      await ask('DELETE', '/keys/taken')
      const heard = await ask('POST', '/keys/taken/create', { kty: 'EC' })
      assert.equal(heard.status, 409)
      assert.deepEqual(heard.json.error, {
        code: 'Conflict',
        message:
          'Key taken is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the key can only be recovered or purged.',
        innererror: { code: 'ObjectIsDeletedButRecoverable' },
      })
    })

    it('in a security module is for premium vaults, and for servers that have one', async () => {
      const host = await foundAnother(house, 'premium', { sku: 'premium' })
      for (const kty of ['RSA-HSM', 'EC-HSM', 'oct-HSM']) {
        const standard = await ask('POST', '/keys/module/create', { kty })
        assert.equal(said(standard), '400 BadParameter')
        assert.match(standard.json.error.message, /premium/)
        const premium = await asking(house, token, host).ask('POST', '/keys/module/create', { kty })
        assert.equal(said(premium), '400 BadParameter')
        assert.match(premium.json.error.message, /CARDEA_HSM_MODULE/)
      }
      assert.match((await ask('POST', '/keys/module/create', { kty: 'oct' })).json.error.message, /oct-HSM/)
      assert.equal((await ask('GET', '/keys/module')).status, 404)
    })
  })

  describe('each api-version of Key Vault', () => {
    const from = (version: (typeof vaultVersions)[number], index: number) => index >= vaultVersions.indexOf(version)

    it('is answered about a key with the members that it has', async () => {
      for (const [index, version] of vaultVersions.entries()) {
        const query = `api-version=${version}`
        const { json } = await ask('POST', '/keys/versions/create', { kty: 'EC' }, query)
        const [{ attributes }] = (await ask('GET', '/keys', undefined, `${query}&maxresults=1`)).json.value
        const names = Object.keys(json.attributes)
        assert.equal(names.includes('recoverableDays'), from('7.1-preview', index), version)
        assert.equal(names.includes('exportable'), from('7.3-preview', index), version)
        assert.equal('exportable' in attributes, from('7.3-preview', index), version)
        assert.equal(names.includes('hsmPlatform'), from('7.5-preview.1', index), version)
      }
    })
  })

  describe('every form of path that clients send', () => {
    it('reaches a use of the latest version, or of the one that it names', async () => {
      const first = await make('Paths', { kty: 'EC' })
      const old = versionIn(first.json.key.kid)
      const latest = versionIn((await make('Paths', { kty: 'EC' })).json.key.kid)
      const asked = { alg: 'ES256', value: base64url(digests['256']) }
      for (const [path, version] of [
        ['/keys/Paths/sign', latest],
        ['/keys/Paths//sign', latest],
        ['//keys/Paths/sign/', latest],
        ['/KEYS/paths/Sign', latest],
        [`/keys/Paths/${old}/sign`, old],
        [`/keys/paths/${old.toUpperCase()}/SIGN/`, old],
      ] as const) {
        const heard = await ask('POST', path, asked)
        assert.equal(heard.status, 200, `${path}: ${heard.text}`)
        assert.equal(heard.json.kid, `https://demo.vault.cardea.internal/keys/Paths/${version}`, path)
      }
      const encoded = await house.ask(house.vaultHost, 'POST', '/keys/Paths//sign?api%2Dversion=7.4', {
        token,
        body: asked,
      })
      assert.equal(encoded.status, 200)
    })

    it('reaches wrapKey and unwrapKey in either spelling, and the rest with slashes to spare', async () => {
      await make('wraps', { kty: 'RSA' })
      for (const [wrap, unwrap] of [
        ['wrapkey', 'unwrapkey'],
        ['wrapKey', 'unwrapKey'],
      ] as const) {
        const { value } = (await use('wraps/', wrap, { alg: 'RSA-OAEP', value: 'AAAA' })).json
        assert.equal((await use('wraps', unwrap, { alg: 'RSA-OAEP', value })).json.value, 'AAAA')
      }
      assert.equal((await ask('PATCH', '/keys/wraps/', { tags: { a: '1' } })).json.tags.a, '1')
      assert.equal((await ask('POST', '//keys//wraps/BACKUP', undefined)).status, 200)
      assert.equal((await ask('GET', '/keys/wraps/Versions/')).json.value.length, 1)
    })

    it('finds what isn’t offered nowhere: releasing, attesting, and random bytes are a managed HSM’s', async () => {
      const { kid } = (await make('stays', { kty: 'RSA' })).json.key
      const version = versionIn(kid)
      for (const [method, path] of [
        ['POST', '/keys/stays/release'],
        ['POST', `/keys/stays/${version}/release`],
        ['GET', `/keys/stays/${version}/attestation`],
        ['POST', '/rng'],
        ['POST', `/keys/stays/${version}/securewrapkey`],
      ] as const) {
        const heard = await ask(method, path, method === 'POST' ? { target: 'a.b.c', count: 8 } : undefined)
        assert.equal(said(heard), '404 NotFound', path)
      }
      assert.equal(said(await ask('GET', '/keys/stays/attestation')), '400 BadParameter')
    })
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

  describe('importing a key', () => {
    it('takes it in as it is, and never shows what is private', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const jwk = privateKey.export({ format: 'jwk' })
      const tags = { from: 'elsewhere' }
      const heard = await ask('PUT', '/keys/imported', { key: { ...jwk, key_ops: ['sign'] }, tags })
      assert.equal(heard.status, 200, heard.text)
      assert.deepEqual([heard.json.key.n, heard.json.key.key_ops, heard.json.tags], [jwk.n, ['sign'], tags])
      const signed = await use('imported', 'sign', { alg: 'RS256', value: base64url(digests['256']) })
      assert.ok(verify('sha256', text, publicKey, bytesOf(signed)))
      for (const { text: shown } of [heard, await ask('GET', '/keys/imported'), await ask('GET', '/keys')])
        for (const part of [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi] as string[]) assert.ok(!shown.includes(part))
    })

    it('takes keys on every curve, under Key Vault’s names of them', async () => {
      for (const [crv, alg] of Object.entries(curves)) {
        const namedCurve = crv === 'P-256K' ? 'secp256k1' : crv
        const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
        const heard = await ask('PUT', '/keys/imported-ec', { key: { ...privateKey.export({ format: 'jwk' }), crv } })
        assert.equal(heard.status, 200, heard.text)
        const signed = await use('imported-ec', 'sign', { alg, value: base64url(digestFor(alg)) })
        const hash = `sha${alg.slice(2, 5)}`
        assert.ok(verify(hash, text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytesOf(signed)), crv)
      }
    })
  })

  describe('a key’s backup', () => {
    it('brings all versions back under their ids, and opens what they encrypted', async () => {
      const first = await make('backed', { kty: 'RSA', tags: { a: '1' }, attributes: { enabled: false } })
      const second = await make('backed', { kty: 'RSA' })
      const { value: ciphertext } = (await use('backed', 'encrypt', { alg: 'RSA-OAEP', value: 'AAAA' })).json
      const { value: blob } = (await ask('POST', '/keys/backed/backup')).json
      const conflict = await ask('POST', '/keys/restore', { value: blob })
      assert.equal(said(conflict), '409 Conflict')
      assert.match(conflict.json.error.message, /conflict restoring the key/)
      await ask('DELETE', '/keys/backed')
      assert.equal(said(await ask('POST', '/keys/restore', { value: blob })), '409 Conflict')
      await ask('DELETE', '/deletedkeys/backed')
      now += 60_000
      const restored = await ask('POST', '/keys/restore', { value: blob })
      assert.deepEqual(restored.json, second.json)
      const old = await ask('GET', `/keys/backed/${versionIn(first.json.key.kid)}`)
      assert.deepEqual(old.json, first.json)
      const decrypted = await use('backed', 'decrypt', { alg: 'RSA-OAEP', value: ciphertext })
      assert.equal(decrypted.json.value, 'AAAA')
    })

    it('opens neither as a secret nor bent, and a secret’s doesn’t open as a key', async () => {
      await make('kinds', { kty: 'EC' })
      const { value: blob } = (await ask('POST', '/keys/kinds/backup')).json
      await ask('PUT', '/secrets/kinds', { value: 'v' })
      const { value: secret } = (await ask('POST', '/secrets/kinds/backup')).json
      const bent = `${blob.slice(0, 40)}${blob[40] === 'A' ? 'B' : 'A'}${blob.slice(41)}`
      for (const [path, value] of [
        ['/secrets/restore', blob],
        ['/keys/restore', secret],
        ['/keys/restore', bent],
        ['/keys/restore', 'AAAA'],
      ]) {
        const heard = await ask('POST', path as string, { value })
        assert.equal(said(heard), '400 Malformed backup blob')
        assert.equal(heard.json.error.message, 'Backup blob contains invalid or corrupt version.')
      }
    })
  })

  describe('who may do what with keys', () => {
    const vaultId = () =>
      `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const as = async (name: string, role: { readonly id: string }, scope = vaultId()) => {
      const somebody = await house.newcomer(name)
      await house.assign(somebody.principal, role, scope)
      const theirs = asking(house, await somebody.token())
      return async (method: string, path: string, body?: object) => (await theirs.ask(method, path, body)).status
    }
    const signing = { alg: 'ES256', value: base64url(digests['256']) }

    it('a role on one key is for that key alone', async () => {
      await make('mine', { kty: 'EC' })
      await make('other', { kty: 'EC' })
      const user = await as('of one key', builtInRoles.keyVaultCryptoUser, `${vaultId()}/keys/mine`)
      assert.equal(await user('POST', '/keys/Mine/sign', signing), 200)
      assert.equal(await user('GET', '/keys/mine'), 200)
      assert.equal(await user('POST', '/keys/other/sign', signing), 403)
      assert.equal(await user('POST', '/keys/nothing/sign', signing), 403)
      assert.equal(await user('GET', '/keys'), 403)
    })

    it('who encrypts for a service wraps and unwraps, and does nothing else', async () => {
      await make('service', { kty: 'RSA' })
      const user = await as('service encryption', builtInRoles.keyVaultCryptoServiceEncryptionUser)
      const wrapping = { alg: 'RSA-OAEP', value: 'AAAA' }
      assert.equal(await user('POST', '/keys/service/wrapkey', wrapping), 200)
      assert.equal(await user('GET', '/keys/service'), 200)
      for (const operation of ['encrypt', 'decrypt', 'sign', 'verify'])
        assert.equal(await user('POST', `/keys/service/${operation}`, wrapping), 403, operation)
      assert.equal(await user('POST', '/keys/service/create', { kty: 'EC' }), 403)
    })

    it('whoever manages the vault, or reads its secrets, uses no key', async () => {
      await make('apart', { kty: 'EC' })
      for (const role of [builtInRoles.contributor, builtInRoles.keyVaultSecretsOfficer, builtInRoles.keyVaultReader]) {
        const user = await as(`not with keys ${role.id}`, role)
        assert.equal(await user('POST', '/keys/apart/sign', signing), 403)
        assert.equal(await user('POST', '/keys/apart/create', { kty: 'EC' }), 403)
      }
    })

    it('hears of a right that it has no more what is missing, by its Azure name', async () => {
      const user = await house.newcomer('refused')
      const heard = await asking(house, await user.token()).ask('POST', '/keys/some/sign', signing)
      assert.equal(said(heard), '403 Forbidden ForbiddenByRbac')
      assert.match(heard.json.error.message, /Action: 'Microsoft\.KeyVault\/vaults\/keys\/sign\/action'/)
      assert.match(heard.json.error.message, /Resource: '.*\/keys\/some'/)
    })
  })

  describe('lists of keys', () => {
    it('come in pages by name, with the attributes of the latest version, and never with a public part', async () => {
      const host = await foundAnother(house, 'lists')
      const lists = asking(house, token, host)
      for (const name of ['c', 'A', 'b']) await lists.ask('POST', `/keys/${name}/create`, { kty: 'EC', tags: { name } })
      const first = await lists.ask('GET', '/keys', undefined, `${newest}&maxresults=2`)
      assert.deepEqual(
        first.json.value.map(({ kid, tags }: { kid: string; tags: object }) => [kid, tags]),
        [
          [`https://${host}/keys/A`, { name: 'A' }],
          [`https://${host}/keys/b`, { name: 'b' }],
        ],
      )
      assert.deepEqual(Object.keys(first.json.value[0]), ['kid', 'attributes', 'tags'])
      const next = new URL(first.json.nextLink)
      const second = await house.ask(next.host, 'GET', `${next.pathname}${next.search}`, { token })
      assert.deepEqual([second.json.value.length, second.json.nextLink], [1, null])
      await lists.ask('DELETE', '/keys/b')
      const [deleted] = (await lists.ask('GET', '/deletedkeys')).json.value
      assert.deepEqual([deleted.kid, deleted.recoveryId], [`https://${host}/keys/b`, `https://${host}/deletedkeys/b`])
    })
  })
})

describe('the service’s delays', () => {
  it('are met with keys as with secrets, in the words for keys', async () => {
    let at = Date.now()
    await using slow = await openHouse({ env: { CARDEA_DELAYS: '10s' }, clock: () => at })
    const { ask: wish, set } = asking(slow, await slow.developerToken())
    const pass = async () => {
      at += 10_000
      // Something is committed, so that the clock is looked at.
      await set('stir', 'v')
    }
    const until = async (status: number, method: string, path: string) => {
      const begun = performance.now()
      while ((await wish(method, path)).status !== status) assert.ok(performance.now() - begun < 20_000, path)
    }
    await wish('POST', '/keys/slow/create', { kty: 'EC' })
    await wish('DELETE', '/keys/slow')
    const [again, recover, purge] = [
      await wish('POST', '/keys/slow/create', { kty: 'EC' }),
      await wish('POST', '/deletedkeys/slow/recover'),
      await wish('DELETE', '/deletedkeys/slow'),
    ]
    assert.equal(said(await wish('GET', '/deletedkeys/slow')), '404 KeyNotFound')
    for (const heard of [again, recover, purge]) assert.equal(said(heard), '409 Conflict ObjectIsBeingDeleted')
    assert.equal(again.json.error.message, 'Key slow is currently being deleted and cannot be re-created; retry later.')
    assert.equal(recover.json.error.message, 'Key is currently being deleted.')
    await pass()
    await until(200, 'GET', '/deletedkeys/slow')
    assert.equal((await wish('POST', '/deletedkeys/slow/recover')).status, 200)
    const used = await wish('PATCH', '/keys/slow', { tags: {} })
    assert.equal(said(used), '409 Conflict ObjectIsBeingRecovered')
    await pass()
    await until(200, 'GET', '/keys/slow')
  })
})

describe('Azure’s quota of a vault', () => {
  it('lets few keys be made, and counts a use by the size of the key', async () => {
    const at = Date.now()
    await using house = await openHouse({ env: { CARDEA_QUOTA: 'azure' }, clock: () => at })
    const { ask: wish } = asking(house, await house.developerToken())
    assert.equal((await wish('POST', '/keys/large/create', { kty: 'RSA', key_size: 3072 })).status, 200)
    for (let made = 1; made < 20; made += 1)
      assert.equal((await wish('POST', '/keys/many/create', { kty: 'EC' })).status, 200)
    const refused = await wish('POST', '/keys/many/create', { kty: 'EC' })
    assert.deepEqual([said(refused), refused.headers['retry-after']], ['429 Throttled', '10'])
    const verifying = { alg: 'RS256', digest: base64url(digests['256']), value: 'AAAA' }
    const seen: number[] = []
    for (let asked = 0; asked < 1001; asked += 1)
      seen.push((await wish('POST', '/keys/large/verify', verifying)).status)
    assert.deepEqual([seen.indexOf(429), seen.lastIndexOf(200)], [1000, 999])
    assert.equal((await wish('GET', '/secrets')).status, 200)
  })
})
