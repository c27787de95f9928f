import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { vaultVersions } from '@cardea/contract/vault/versions'
import { type Kept, onBothEngines } from '../../../testing/engines.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { base64url, bytesOf, curves, digestFor, digests, type Keys, keysIn, text, versionIn } from '../testing/keys.ts'
import { asking, foundAnother, newest, said } from '../testing/vault.ts'

const forRsa = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey']

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
