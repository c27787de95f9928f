import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { saltOf, scramVerifier } from './scram.ts'

describe('a SCRAM verifier', () => {
  it('is the one of RFC 7677', async () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
    assert.equal(
      await scramVerifier('pencil', salt),
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    )
  })

  it('is the same for two spellings of a password that mean the same', async () => {
    const salt = saltOf('rotation', 'app')
    assert.equal(await scramVerifier('I\u00ADX \u00AA', salt), await scramVerifier('\u2168\u00A0a', salt))
  })

  it('has a salt that differs from role to role and from rotation to rotation', () => {
    assert.equal(saltOf('one', 'app').length, 16)
    assert.deepEqual(saltOf('one', 'app'), saltOf('one', 'app'))
    assert.notDeepEqual(saltOf('one', 'app'), saltOf('one', 'other'))
    assert.notDeepEqual(saltOf('one', 'app'), saltOf('two', 'app'))
  })
})
