import assert from 'node:assert/strict'
import { it } from 'node:test'
import { matches } from './wildcard.ts'

it('a wildcard stands for any characters, also slashes', () => {
  for (const [pattern, text, fits] of [
    ['*', '', true],
    ['a/*/read', 'a/b/c/read', true],
    ['a/*/read', 'a/read', false],
    ['*/read', 'a/read', true],
    ['a*', 'a', true],
    ['a?', 'ab', false],
    ['a.b', 'axb', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
  ] as const) {
    assert.equal(matches(pattern, text), fits, `${pattern} ${text}`)
  }
})
