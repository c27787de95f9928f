import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { beginning, cellsOf, ending, lettersOf } from './cells.ts'
import { paintFor, table } from './print.ts'

describe('the width of a text in a terminal', () => {
  for (const [text, cells] of [
    ['', 0],
    ['orders-db', 9],
    ['Größe – ’…', 10],
    ['Gro\u0308ße', 5],
    ['秘密', 4],
    ['비밀', 4],
    ['ひみつ、', 8],
    ['ｶﾀ', 2],
    ['ＡＢ', 4],
    ['🔑', 2],
    ['👩‍💻', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['→ ✓', 3],
    ['a\u200bb', 2],
  ] as const)
    it(`of "${text}" is ${cells}`, () => assert.equal(cellsOf(text), cells))

  it('is kept where a text is cut, and no letter is cut in two', () => {
    const letters = lettersOf('秘密🇩🇪key')
    assert.deepEqual([beginning(letters, 5), ending(letters, 5)], ['秘密', '🇩🇪key'])
    assert.deepEqual([beginning(letters, 0), ending(letters, 99)], ['', '秘密🇩🇪key'])
  })

  it('lets the columns of a table stand one under the other', () => {
    const rows = [
      ['名前', 'x'],
      ['Gro\u0308ße', 'x'],
      ['key', 'x'],
    ]
    const lines = table(paintFor({ colours: false }), [{ head: 'KEY' }, { head: 'VALUE' }], rows)
    assert.deepEqual(
      lines.slice(1).map((line) => cellsOf(line.slice(0, line.indexOf('x')))),
      [7, 7, 7],
    )
    const narrow = table(
      paintFor({ colours: false, columns: 20 }),
      [{ head: 'KEY' }, { head: 'VALUE' }],
      [['key', '名前名前名前名前名前名前']],
    )
    assert.equal(narrow[1], 'key  名前名…前名前')
  })
})
