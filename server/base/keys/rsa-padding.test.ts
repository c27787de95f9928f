import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { bareOf, isPssOf, pkcs1Of, pssOf } from './rsa-padding.ts'

const digest = createHash('sha256').update('a message').digest()
const changed = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] as number) ^ bit
  return copy
}

describe('a digest dressed for RSA', () => {
  it('fills the modulus with PKCS #1 v1.5, after a zero that keeps it below', () => {
    const encoded = pkcs1Of('sha256', digest, 256)
    assert.equal(encoded.length, 256)
    assert.equal(
      encoded.toString('hex'),
      `0001${'ff'.repeat(202)}003031300d060960864801650304020105000420${digest.toString('hex')}`,
    )
    assert.equal(bareOf(Buffer.of(1, 2), 16).toString('hex'), '0001ffffffffffffffffffffff000102')
  })

  it('is known again with PSS, whatever the salt', () => {
    for (const salt of [Buffer.alloc(32), Buffer.alloc(32, 0xff), randomBytes(32)]) {
      const encoded = pssOf('sha256', digest, 256, salt)
      assert.equal(encoded.length, 256)
      assert.ok(isPssOf('sha256', digest, encoded))
    }
  })

  it('is not known with PSS when any part of it is changed', () => {
    const encoded = pssOf('sha256', digest, 256)
    // 190 zeros, a one, the salt and the check, then the end.
    for (const at of [0, 5, 189, 190, 191, 222, 223, 254, 255]) {
      for (const bit of [0x01, 0x80]) assert.equal(isPssOf('sha256', digest, changed(encoded, at, bit)), false, `${at}`)
    }
    assert.equal(isPssOf('sha256', changed(digest, 0, 1), encoded), false)
    assert.equal(isPssOf('sha384', digest, encoded), false)
    assert.equal(isPssOf('sha256', digest, Buffer.alloc(256)), false)
    for (const bytes of [0, 20, 31, 33, 64]) {
      assert.equal(isPssOf('sha256', digest, pssOf('sha256', digest, 256, Buffer.alloc(bytes, 1))), false, `${bytes}`)
    }
  })
})
