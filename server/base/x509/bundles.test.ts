import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOfJwk } from '../keys/private-jwk.ts'
import { generated } from '../keys/software-key.ts'
import { writePem, writePkcs12 } from './bundle.ts'
import { Bundles } from './bundles.ts'
import { selfSigned } from './issue.ts'
import { newSerial } from './structure.ts'
import { signerOf } from './testing/signer.ts'

const key = generated({ type: 'EC', curve: 'P-256' })
const wanted = { subject: 'CN=web', keyUsage: [], ekus: [], ca: false }
const terms = { notBefore: new Date(0), notAfter: new Date('2050-01-01T00:00:00Z'), serial: newSerial() }
const chain = [await selfSigned(wanted, key.publicPart, signerOf(key), terms)]

const text = writePkcs12(key.secret, chain).toString('base64')

describe('bundles in a thread of their own', () => {
  it('are read as anywhere', async (t) => {
    const bundles = new Bundles()
    t.after(() => bundles.close())
    const read = await bundles.read(text)
    assert.deepEqual(read.chain, chain)
    assert.deepEqual(keyOfJwk(read.privateKey).publicPart, key.publicPart)
    await assert.rejects(bundles.read(text, 'wrong'), { code: 'invalid', particulars: { where: 'pwd' } })
    await assert.rejects(bundles.read('no bundle'), { code: 'invalid', particulars: { where: 'value' } })
  })

  it('are turned into PEM, with their private key where they have one', async (t) => {
    const bundles = new Bundles()
    t.after(() => bundles.close())
    assert.equal(await bundles.asPem(text), writePem(key.secret, chain))
    assert.equal(await bundles.asPem(writePkcs12(undefined, chain).toString('base64')), writePem(undefined, chain))
    await assert.rejects(bundles.asPem('AAAA'), { code: 'invalid' })
  })

  it('turn away those for whom there is no room', async (t) => {
    const bundles = new Bundles({ waitingMax: 1 })
    t.after(() => bundles.close())
    const first = bundles.read(text)
    await assert.rejects(bundles.read(text), { code: 'throttled' })
    await first
  })
})
