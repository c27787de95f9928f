import assert from 'node:assert/strict'
import { createHash, verify, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm, type SoftHsm } from '@cardea/tools/servers/softhsm'
import { type House, openHouse } from '../../../testing/house.ts'
import { type Certificates, certificatesIn, selfPolicy } from '../testing/certificates.ts'
import { foundAnother } from '../testing/vault.ts'

const softHsm = needs('SoftHSM', findSoftHsm)

describe('a certificate whose key lies in a hardware module', { skip: softHsm.skip }, () => {
  let soft: SoftHsm
  let house: House
  let vault: Certificates
  before(async () => {
    soft = await openSoftHsm()
    const { module, token, pinFile } = soft.newToken()
    house = await openHouse({
      env: { CARDEA_HSM_MODULE: module, CARDEA_HSM_TOKEN: token, CARDEA_HSM_PIN_FILE: pinFile },
    })
    vault = certificatesIn(house, undefined, await foundAnother(house, 'premium', { sku: 'premium' }))
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await soft?.[Symbol.asyncDispose]()
  })

  for (const [kty, alg, hash] of [
    ['RSA-HSM', 'RS256', 'sha256'],
    ['EC-HSM', 'ES256', 'sha256'],
  ] as const) {
    it(`vouches for itself with ${kty}, signs at the vault, and hands its private part to nobody`, async () => {
      const name = kty.toLowerCase()
      const made = await vault.make(name, { ...selfPolicy, key_props: { kty, exportable: false } })
      const leaf = new X509Certificate(Buffer.from(made.cer as string, 'base64'))
      assert.ok(leaf.verify(leaf.publicKey))
      assert.deepEqual([made.policy?.key_props.kty, made.policy?.key_props.exportable], [kty, false])
      const { key, managed } = await vault.done('GET', `/keys/${name}`)
      assert.deepEqual([key.kty, managed], [kty, true])
      const text = Buffer.from('what is signed')
      const value = createHash(hash).update(text).digest('base64url')
      const signed = await vault.done('POST', `/keys/${name}/sign`, { alg, value })
      const signature = Buffer.from(signed.value, 'base64url')
      assert.ok(verify(hash, text, { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      const { value: pem } = await vault
        .ask('GET', `/secrets/${name}`, undefined, 'api-version=2025-07-01&outContentType=application/x-pem-file')
        .then(({ json }) => json)
      assert.equal(new X509Certificate(pem).fingerprint256, leaf.fingerprint256)
      assert.ok(!pem.includes('PRIVATE KEY'))
    })
  }

  it('is refused where its private part is to be had, and in a vault that isn’t premium', async () => {
    const ask = (exportable: boolean) => ({ policy: { ...selfPolicy, key_props: { kty: 'EC-HSM', exportable } } })
    const exported = await vault.ask('POST', '/certificates/out/create', ask(true))
    assert.equal(exported.status, 400)
    assert.match(exported.json.error.message, /exportable/)
    const standard = await certificatesIn(house).ask('POST', '/certificates/out/create', ask(false))
    assert.equal(standard.status, 400)
    assert.match(standard.json.error.message, /premium/)
  })
})
