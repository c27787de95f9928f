import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOfJwk } from '../keys/private-jwk.ts'
import { generated } from '../keys/software-key.ts'
import { Bundles } from './bundles.ts'
import { selfSigned } from './issue.ts'
import { newSerial } from './structure.ts'
import { signerOf } from './testing/signer.ts'

const key = generated({ type: 'EC', curve: 'P-256' })
const wanted = { subject: 'CN=web', keyUsage: [], ekus: [], ca: false }
const terms = { notBefore: new Date(0), notAfter: new Date('2050-01-01T00:00:00Z'), serial: newSerial() }
const chain = [await selfSigned(wanted, key.publicPart, signerOf(key), terms)]

describe('bundles in a thread of their own', () => {
  it('are written and read as anywhere', async (t) => {
    const bundles = new Bundles()
    t.after(() => bundles.close())
    const text = (await bundles.writePkcs12(key.secret, chain)).toString('base64')
    assert.ok(
      key.secret.some((byte) => byte !== 0),
      'The key of whoever asked is left alone.',
    )
    const read = await bundles.read(text)
    assert.deepEqual(read.chain, chain)
    assert.deepEqual(keyOfJwk(read.privateKey).publicPart, key.publicPart)
    await assert.rejects(bundles.read(text, 'wrong'), { code: 'invalid', particulars: { where: 'pwd' } })
    await assert.rejects(bundles.read('no bundle'), { code: 'invalid', particulars: { where: 'value' } })
    await assert.rejects(
      bundles.writePkcs12(undefined, []).then((file) => bundles.read(file.toString('base64'))),
      {
        message: 'The bundle has no private key.',
      },
    )
  })

  it('turn away those for whom there is no room', async (t) => {
    const bundles = new Bundles({ waitingMax: 1 })
    t.after(() => bundles.close())
    const first = bundles.writePkcs12(undefined, chain)
    await assert.rejects(bundles.read(''), { code: 'throttled' })
    await first
  })
})
