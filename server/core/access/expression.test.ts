import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { expressionFrom } from './expression.ts'

describe('an expression that a stranger wrote', () => {
  it('means what it means to JavaScript', () => {
    let seed = 22
    const below = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((seed / 2 ** 31) * limit)
    }
    const pick = (from: readonly string[]): string => from[below(from.length)] as string
    const atoms = ['a', 'b', 'A', '-', '.', '\\w', '\\d', '[ab]', '[^a]', '[^\\w]', '\\.', '^', '$', '\\b', '\\B']
    const sequence = (depth: number): string =>
      Array.from({ length: below(5) }, () => {
        if (depth < 3 && below(4) === 0) return `${pick(['(', '(?:'])}${sequence(depth + 1)}|${sequence(depth + 1)})`
        const atom = pick(atoms)
        return /^[\^$]$|^\\[bB]$/.test(atom) ? atom : atom + pick(['', '', '*', '+', '?', '{2}', '{0}'])
      }).join('')
    let compared = 0
    for (let round = 0; round < 3000; round += 1) {
      const pattern = sequence(0)
      const cased = below(2) === 0
      const expression = expressionFrom(pattern, cased)
      if (expression === undefined) continue
      const native = new RegExp(pattern, cased ? '' : 'i')
      for (let text = 0; text < 8; text += 1) {
        const given = Array.from({ length: below(6) }, () => pick(['a', 'b', 'A', '-', '.', '1', '\n'])).join('')
        assert.equal(expression(given), native.test(given), `${pattern} ${JSON.stringify(given)}`)
        compared += 1
      }
    }
    assert.ok(compared > 10_000, String(compared))
  })

  it('is none with groups that repeat or don’t close, looks around, references, or more steps than we take', () => {
    for (const text of [
      '',
      '(a',
      'a)',
      '(a)*',
      '(a){2}',
      '(?=a)',
      '(?<n>a)',
      '\\1',
      'a**',
      '[z-a]',
      'a{300}',
      'x'.repeat(201),
    ]) {
      assert.equal(expressionFrom(text), undefined, text)
    }
    assert.equal(expressionFrom('[a-z]{99}'.repeat(5)), undefined)
  })

  it('takes no longer for a text that was made to be slow, however many ways lead through', () => {
    const text = 'a'.repeat(10_000)
    const began = performance.now()
    for (const pattern of ['(a|a)'.repeat(30), `${'a?'.repeat(40)}${'a'.repeat(40)}`, 'a*a*a*', '(a|aa)(a|aa)a*'])
      assert.equal(expressionFrom(`${pattern}b`)?.(text), false)
    assert.ok(performance.now() - began < 10_000)
  })
})
