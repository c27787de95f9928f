import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { isSignature } from './public-part.ts'
import { generated, WarmKeys } from './software-key.ts'

describe('private keys that stay opened', () => {
  it('are as many as there is room for; the others are opened again', () => {
    const warm = new WarmKeys(2)
    const digest = randomBytes(32)
    const keys = Array.from({ length: 4 }, () => generated({ type: 'EC', curve: 'P-256' }))
    for (const key of [...keys, ...keys, ...keys.toReversed()]) {
      assert.ok(isSignature(key, 'ES256', digest, warm.signature(key, 'ES256', digest)))
    }
  })

  it('are found by what they are kept as only together with their shape', () => {
    const warm = new WarmKeys()
    const [one, other] = [generated({ type: 'EC', curve: 'P-256' }), generated({ type: 'EC', curve: 'P-384' })]
    warm.signature(one, 'ES256', randomBytes(32))
    assert.throws(() => warm.signature({ ...other, secret: one.secret }, 'ES384', randomBytes(48)), /another kind/)
    assert.throws(() => warm.signature({ ...one, secret: other.secret }, 'ES256', randomBytes(32)), /another kind/)
  })
})
