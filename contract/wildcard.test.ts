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

/** A text that tells whenever one of its letters is looked at. */
const watched = (text: string, look: () => void): string =>
  new Proxy(Object(text), {
    get(letters, name) {
      if (/^\d+$/.test(String(name))) look()
      return Reflect.get(letters, name)
    },
  })

it('a pattern asks for no more looks than both lengths multiplied, whoever wrote it', () => {
  for (const [pattern, text] of [
    [`${'*a'.repeat(100)}z`, 'a'.repeat(200)],
    [`*${'a'.repeat(100)}z`, 'a'.repeat(200)],
    [`${'*?'.repeat(100)}z`, 'a'.repeat(200)],
    [`${'*'.repeat(200)}z`, 'a'.repeat(200)],
  ] as const) {
    let looks = 0
    const count = () => {
      looks += 1
      assert.ok(looks <= pattern.length * text.length, pattern)
    }
    assert.equal(matches(watched(pattern, count), text, '?'), false, pattern)
    assert.ok(looks > 0)
  }
})
