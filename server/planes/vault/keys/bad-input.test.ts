import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { type Heard, openHouse } from '../../../testing/house.ts'
import { asking } from '../testing/vault.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const ask = asking(house, await house.developerToken()).ask
for (const [name, asked] of [
  ['rsa', { kty: 'RSA' }],
  ['ec', { kty: 'EC' }],
] as const)
  assert.equal((await ask('POST', `/keys/${name}/create`, asked)).status, 200)

const zeros = (bytes: number): string => Buffer.alloc(bytes).toString('base64url')

/** What was refused as it should be, in the service's code, with words that say what is wrong and repeat nothing. */
function refuses(heard: Heard, about: RegExp, shown: unknown): void {
  const which = JSON.stringify(shown)?.slice(0, 120)
  assert.deepEqual([heard.status, heard.json?.error?.code], [400, 'BadParameter'], `${which}: ${heard.text}`)
  assert.match(heard.json.error.message, about, which)
  assert.ok(heard.json.error.message.length < 400, which)
}

describe('bad input about keys', () => {
  it('is refused where one is to be made, and leaves none', async () => {
    const wrong: readonly [body: unknown, about: RegExp][] = [
      [undefined, /kty|object/],
      [{}, /kty/],
      [{ kty: 'DSA' }, /kty/],
      [{ kty: 'rsa' }, /kty/],
      [{ kty: ['RSA'] }, /kty/],
      [{ kty: 'oct' }, /oct-HSM/],
      [{ kty: 'RSA', key_size: 1024 }, /2048/],
      [{ kty: 'RSA', key_size: 2049 }, /2048/],
      [{ kty: 'RSA', key_size: 16_385 }, /key_size/],
      [{ kty: 'RSA', key_size: 'large' }, /key_size/],
      [{ kty: 'RSA', crv: 'P-256' }, /no curve/],
      [{ kty: 'EC', crv: 'P-224' }, /crv/],
      [{ kty: 'EC', crv: 'secp256k1' }, /crv/],
      [{ kty: 'EC', key_size: 2048 }, /256 bits/],
      [{ kty: 'RSA', key_ops: [] }, /key_ops/],
      [{ kty: 'RSA', key_ops: ['sign', 'sign'] }, /key_ops/],
      [{ kty: 'RSA', key_ops: ['fly'] }, /key_ops\[0\]/],
      [{ kty: 'RSA', key_ops: ['import'] }, /key_ops\[0\]/],
      [{ kty: 'RSA', key_ops: 'sign' }, /key_ops/],
      [{ kty: 'RSA', key_ops: Array.from({ length: 1000 }, () => 'sign') }, /key_ops/],
      [{ kty: 'RSA', public_exponent: 'three' }, /public_exponent/],
      [{ kty: 'RSA', attributes: { enabled: 'yes' } }, /attributes\.enabled/],
      [{ kty: 'RSA', attributes: { nbf: 20, exp: 10 } }, /expire/],
      [{ kty: 'RSA', attributes: { exportable: true } }, /leaves/],
      [{ kty: 'RSA', attributes: { external_key: { id: 'a' } } }, /external_key/],
      [{ kty: 'RSA', release_policy: { data: 'AAAA' } }, /release/],
      [{ kty: 'RSA', tags: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, 'v'])) }, /tags/],
      [{ kty: 'RSA', tags: { t: 'v'.repeat(257) } }, /256/],
      [{ kty: 'RSA', tags: { ['t'.repeat(257)]: 'v' } }, /256/],
    ]
    for (const [body, about] of wrong) refuses(await ask('POST', '/keys/never/create', body), about, body)
    assert.equal((await ask('GET', '/keys/never')).status, 404)
    for (const name of ['a_b', 'x'.repeat(128), 'a%20b'])
      refuses(await ask('POST', `/keys/${name}/create`, { kty: 'EC' }), /name/, name)
    // What a null stands for is what nothing stands for.
    const nulls = {
      kty: 'EC',
      key_size: null,
      crv: null,
      key_ops: null,
      attributes: null,
      tags: null,
      release_policy: null,
    }
    assert.equal((await ask('POST', '/keys/nulls/create', nulls)).status, 200)
  })

  it('is refused where one is to be taken in, and no part of it is repeated', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const whole = privateKey.export({ format: 'jwk' })
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })
    const curved = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
    const { d: _, ...open } = whole
    const wrong: readonly unknown[] = [
      { kty: 'RSA' },
      open,
      { ...whole, p: undefined },
      { ...whole, n: other.n },
      { ...whole, d: other.d },
      { ...whole, e: 'AQ' },
      { ...whole, q: 'a+b/' },
      { ...whole, q: '' },
      { ...whole, q: 'A'.repeat(1401) },
      { ...whole, kty: 'EC' },
      { ...whole, key_ops: [] },
      { ...whole, key_ops: ['sign', 'sign'] },
      { ...whole, key_hsm: 'AAAA' },
      { ...whole, kty: 'RSA-HSM' },
      small,
      { ...curved, crv: 'P-384' },
      { ...curved, crv: undefined },
      { ...curved, d: undefined },
      { ...curved, y: curved.x },
      { ...curved, d: zeros(32) },
      { kty: 'oct', k: zeros(32) },
      'a key',
      null,
    ]
    for (const key of wrong) {
      const heard = await ask('PUT', '/keys/never', { key })
      refuses(heard, /./, key)
      for (const secret of [whole.d, whole.p, whole.q, other.d, curved.d] as string[])
        assert.ok(!heard.text.includes(secret.slice(0, 20)))
    }
    refuses(await ask('PUT', '/keys/never', { key: whole, Hsm: true }), /premium/, 'Hsm')
    refuses(await ask('PUT', '/keys/never', { key: whole, Hsm: 'yes' }), /Hsm/, 'Hsm')
    assert.equal((await ask('GET', '/keys/never')).status, 404)
  })

  it('is refused where one is to be used: another key’s algorithm, another length, what is no base64url', async () => {
    const wrong: readonly [path: string, body: unknown, about: RegExp][] = [
      ['rsa/sign', undefined, /alg|object/],
      ['rsa/sign', { alg: 'RS256' }, /value/],
      ['rsa/sign', { value: zeros(32) }, /alg/],
      ['rsa/sign', { alg: 'ES256', value: zeros(32) }, /RS256/],
      ['rsa/sign', { alg: 'none', value: zeros(32) }, /RS256/],
      ['rsa/sign', { alg: 'rs256', value: zeros(32) }, /RS256/],
      ['rsa/sign', { alg: 'R'.repeat(33), value: zeros(32) }, /alg/],
      ['rsa/sign', { alg: 'RS256\n', value: zeros(32) }, /alg/],
      ['rsa/sign', { alg: 'RS256', value: zeros(31) }, /32 bytes/],
      ['rsa/sign', { alg: 'RS512', value: zeros(32) }, /64 bytes/],
      ['rsa/sign', { alg: 'RS256', value: '' }, /32 bytes/],
      ['rsa/sign', { alg: 'RS256', value: 'a+b/' }, /base64url/],
      ['rsa/sign', { alg: 'RS256', value: 'AAAAA' }, /base64url/],
      ['rsa/sign', { alg: 'RS256', value: '=' }, /base64url/],
      ['rsa/sign', { alg: 'RS256', value: ' AAAA' }, /base64url/],
      ['rsa/sign', { alg: 'RS256', value: zeros(513) }, /512 bytes/],
      ['rsa/sign', { alg: 'RS256', value: [0, 1] }, /base64url/],
      ['rsa/verify', { alg: 'RS256', digest: zeros(32) }, /value/],
      ['rsa/verify', { alg: 'RS256', digest: zeros(31), value: zeros(256) }, /32 bytes/],
      ['ec/sign', { alg: 'RS256', value: zeros(32) }, /ES256/],
      ['ec/sign', { alg: 'ES384', value: zeros(48) }, /ES256/],
      ['ec/sign', { alg: 'ES256', value: zeros(48) }, /32 bytes/],
      ['rsa/encrypt', { alg: 'RSA-OAEP', value: zeros(215) }, /214 bytes/],
      ['rsa/encrypt', { alg: 'RSA-OAEP-256', value: zeros(191) }, /190 bytes/],
      ['rsa/encrypt', { alg: 'RSA1_5', value: zeros(246) }, /245 bytes/],
      ['rsa/encrypt', { alg: 'A256GCM', value: zeros(16) }, /RSA-OAEP/],
      ['rsa/encrypt', { alg: 'RSA-OAEP', value: zeros(64 * 1024 + 1) }, /65536 bytes/],
      ['rsa/encrypt', { alg: 'RSA-OAEP', value: zeros(16), iv: zeros(17) }, /iv/],
      ['rsa/decrypt', { alg: 'RSA-OAEP', value: zeros(255) }, /256 bytes/],
      ['rsa/decrypt', { alg: 'RSA-OAEP', value: zeros(257) }, /256 bytes/],
      ['rsa/decrypt', { alg: 'RSA-OAEP', value: zeros(256) }, /./],
      ['rsa/decrypt', { alg: 'RSA-OAEP', value: 'A'.repeat(100_000) }, /65536 bytes/],
      ['rsa/decrypt', { alg: 'RS256', value: zeros(256) }, /RSA-OAEP/],
      ['rsa/decrypt', { alg: 'RSA-OAEP', value: zeros(256), tag: zeros(17) }, /tag/],
      ['rsa/unwrapkey', { alg: 'RSA-OAEP-256', value: zeros(256) }, /./],
      ['rsa/wrapkey', { alg: 'A256KW', value: zeros(32) }, /RSA-OAEP/],
      ['rsa/latest/sign', { alg: 'RS256', value: zeros(32) }, /version/],
    ]
    for (const [path, body, about] of wrong) refuses(await ask('POST', `/keys/${path}`, body), about, [path, body])
    const unfit = await ask('POST', '/keys/ec/encrypt', { alg: 'RSA-OAEP', value: 'AAAA' })
    // It may not encrypt before it is asked whether it could.
    assert.equal(unfit.json.error.innererror.code, 'KeyOperationForbidden')
  })

  it('is refused where one is to be changed, and changes nothing', async () => {
    const before = (await ask('GET', '/keys/rsa')).text
    for (const [body, about] of [
      [{ key_ops: [] }, /key_ops/],
      [{ key_ops: ['sign', 'sign'] }, /key_ops/],
      [{ attributes: { exportable: true } }, /leaves/],
      [{ attributes: { exp: 'never' } }, /exp/],
      [{ release_policy: {} }, /release/],
      [{ tags: { a: null } }, /tags/],
    ] as const)
      refuses(await ask('PATCH', '/keys/rsa', body), about, body)
    assert.equal((await ask('GET', '/keys/rsa')).text, before)
  })

  it('of a wrong method or path is nowhere', async () => {
    for (const [method, path] of [
      ['GET', '/keys/rsa/sign/more'],
      ['PUT', '/keys'],
      ['POST', '/keys'],
      ['POST', '/keys/rsa'],
      ['GET', '/keys/rsa/0/sign'],
      ['POST', '/keys/rsa/fly'],
    ] as const)
      assert.equal((await ask(method, path, method === 'GET' ? undefined : {})).status, 404, path)
  })
})
