import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '../fault.ts'
import { algorithmsFor, checkAlgorithm, keyOperations } from './algorithms.ts'
import { checkShape, curves, type KeyShape, octSizes, rsaSizes } from './key.ts'

const rsa: KeyShape = { type: 'RSA', bits: 2048 }
const oct: KeyShape = { type: 'oct', bits: 256 }
const everyShape: readonly KeyShape[] = [
  ...rsaSizes.map((bits): KeyShape => ({ type: 'RSA', bits })),
  ...curves.map((curve): KeyShape => ({ type: 'EC', curve })),
  ...octSizes.map((bits): KeyShape => ({ type: 'oct', bits })),
]

const refusal = (act: () => unknown): Fault => {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.code, 'invalid')
    return error
  }
  assert.fail('nothing was refused')
}

describe('shapes of keys', () => {
  it('are those that we keep, and no others', () => {
    for (const shape of everyShape) checkShape(shape)
    for (const bits of [0, 1024, 2047, 3071, 8192, Number.NaN]) {
      assert.equal(refusal(() => checkShape({ type: 'RSA', bits })).particulars.where, 'key_size')
      assert.equal(refusal(() => checkShape({ type: 'oct', bits })).particulars.where, 'key_size')
    }
    // As a caller may send it whose words nobody has checked.
    const foreign = JSON.parse('{ "type": "EC", "curve": "P-224" }') as KeyShape
    assert.equal(refusal(() => checkShape(foreign)).particulars.where, 'crv')
  })
})

describe('algorithms of keys', () => {
  it('are for certain keys and operations', () => {
    const transport = ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']
    const wishes: readonly [KeyShape, string[], string[], string[]][] = [
      [rsa, transport, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'RSNULL'], transport],
      [{ type: 'EC', curve: 'P-256' }, [], ['ES256'], []],
      [{ type: 'EC', curve: 'P-256K' }, [], ['ES256K'], []],
      [{ type: 'EC', curve: 'P-384' }, [], ['ES384'], []],
      [{ type: 'EC', curve: 'P-521' }, [], ['ES512'], []],
      [
        oct,
        ['A256GCM', 'A256CBC', 'A256CBCPAD'],
        ['HS256', 'HS384', 'HS512'],
        ['A256KW', 'CKM_AES_KEY_WRAP', 'CKM_AES_KEY_WRAP_PAD'],
      ],
    ]
    for (const [shape, encrypt, sign, wrap] of wishes) {
      for (const operation of ['encrypt', 'decrypt'] as const)
        assert.deepEqual(algorithmsFor(shape, operation), encrypt)
      for (const operation of ['sign', 'verify'] as const) assert.deepEqual(algorithmsFor(shape, operation), sign)
      for (const operation of ['wrapKey', 'unwrapKey'] as const) assert.deepEqual(algorithmsFor(shape, operation), wrap)
    }
  })

  it('are accepted where they are listed, and refused with the list everywhere else', () => {
    const every = everyShape.flatMap((shape) => keyOperations.flatMap((operation) => algorithmsFor(shape, operation)))
    for (const shape of everyShape) {
      for (const operation of keyOperations) {
        const listed = algorithmsFor(shape, operation)
        for (const name of new Set(every)) {
          if (listed.includes(name)) assert.equal(checkAlgorithm(shape, operation, name).name, name)
          else {
            const fault = refusal(() => checkAlgorithm(shape, operation, name))
            assert.equal(fault.particulars.where, 'alg')
            for (const right of listed) assert.ok(fault.message.includes(right), fault.message)
          }
        }
      }
    }
  })

  it('aren’t found by other spellings, nor by what every object has', () => {
    for (const name of ['', 'rs256', 'RS256 ', 'toString', '__proto__', 'none', 'x'.repeat(100_000)]) {
      const fault = refusal(() => checkAlgorithm(rsa, 'sign', name))
      assert.ok(fault.message.length < 200, 'what was sent isn’t repeated')
    }
  })

  it('take digests of one length, and values that fit into one block of RSA', () => {
    const wishes: readonly [KeyShape, (typeof keyOperations)[number], string, number[], number[]][] = [
      [rsa, 'sign', 'RS256', [32], [0, 31, 33, 64]],
      [rsa, 'verify', 'PS384', [48], [0, 32, 64]],
      [rsa, 'sign', 'RSNULL', [0, 36, 245], [246]],
      [{ type: 'EC', curve: 'P-521' }, 'sign', 'ES512', [64], [65, 66, 32]],
      [{ type: 'EC', curve: 'P-256K' }, 'verify', 'ES256K', [32], [31, 64]],
      [rsa, 'encrypt', 'RSA1_5', [0, 245], [246]],
      [rsa, 'wrapKey', 'RSA-OAEP', [0, 214], [215]],
      [rsa, 'encrypt', 'RSA-OAEP-256', [0, 190], [191]],
      [{ type: 'RSA', bits: 4096 }, 'encrypt', 'RSA-OAEP-256', [446], [447]],
      [rsa, 'decrypt', 'RSA-OAEP', [256], [0, 255, 257, 512]],
      [rsa, 'unwrapKey', 'RSA1_5', [256], [255]],
      [oct, 'encrypt', 'A256CBC', [16, 48], [0, 15, 17]],
      [oct, 'encrypt', 'A256CBCPAD', [0, 1, 16], []],
      [oct, 'decrypt', 'A256CBCPAD', [16], [0, 17]],
      [oct, 'wrapKey', 'A256KW', [16, 24], [0, 8, 17]],
      [oct, 'unwrapKey', 'CKM_AES_KEY_WRAP', [24, 40], [16, 25]],
      [oct, 'wrapKey', 'CKM_AES_KEY_WRAP_PAD', [1, 9], [0]],
      [oct, 'unwrapKey', 'CKM_AES_KEY_WRAP_PAD', [16, 24], [8, 17]],
      [oct, 'encrypt', 'A256GCM', [0, 1, 5000], []],
    ]
    for (const [shape, operation, name, right, wrong] of wishes) {
      for (const bytes of right) checkAlgorithm(shape, operation, name, new Uint8Array(bytes))
      for (const bytes of wrong) {
        const fault = refusal(() => checkAlgorithm(shape, operation, name, new Uint8Array(bytes)))
        assert.match(fault.message, new RegExp(`: ${bytes} bytes. ${name} requires `))
        assert.equal(fault.particulars.where, operation === 'verify' ? 'digest' : 'value')
      }
    }
  })
})
