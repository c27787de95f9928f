import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { randomValue } from './random-value.ts'

const bind = (binding: unknown) => randomValue.binding.read(binding, 'binding')
const propose = (binding: unknown) => randomValue.propose(bind(binding), undefined)

providerBehaves(randomValue, async () => ({ binding: bind({}), secrets: {} }), { thinksOnly: true })

describe('a random value', () => {
  it('has 32 letters and digits unless it is told otherwise', () => {
    assert.match(propose({}), /^[A-Za-z0-9]{32}$/)
    assert.match(propose({ length: 8, alphabet: '01', prefix: 'bits-' }), /^bits-[01]{8}$/)
    assert.equal([...propose({ length: 1024, alphabet: '🔑🗝' })].length, 1024)
  })

  it('uses every character of its alphabet equally often', () => {
    const alphabet = 'abcdefghij'
    const counts = new Map<string, number>()
    for (let turn = 0; turn < 100; turn++) {
      for (const character of propose({ length: 1000, alphabet }))
        counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    // Each count is 10 000 on average and off by 95; ten times that happens to nobody.
    for (const character of alphabet) assert.ok(Math.abs((counts.get(character) ?? 0) - 10_000) < 950, character)
  })

  it('meets what a password policy asks for', () => {
    const requires = ['0123456789', '!?-', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!?-'
    for (let turn = 0; turn < 200; turn++) {
      const value = propose({ length: 8, alphabet, requires })
      for (const set of requires)
        assert.ok(
          [...set].some((character) => value.includes(character)),
          value,
        )
    }
  })

  it('says so when nothing meets what is asked for', () => {
    const alphabet = Array.from({ length: 250 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('')
    const requires = [...alphabet].slice(0, 4)
    assert.throws(() => propose({ length: 8, alphabet, requires }), /No value meets/)
  })

  it('refuses a binding it could not keep', () => {
    for (const wrong of [
      { requires: ['!?'] },
      { requires: [''] },
      { requires: ['a', 'b', 'c', 'd', 'e'] },
      { length: 7 },
      { length: 1025 },
      { alphabet: 'a' },
      { alphabet: 'abca' },
      { alphabet: '\ud800a' },
      { prefix: 'x'.repeat(257) },
    ]) {
      assert.throws(() => bind(wrong), { name: 'ShapeError' }, JSON.stringify(wrong))
    }
  })
})
