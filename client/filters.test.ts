import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matches, noLabel, selects, trimmed } from './filters.ts'

describe('a key filter', () => {
  const wishes: [filter: string, takes: string[], leaves: string[]][] = [
    ['*', ['a', ''], []],
    ['a', ['a'], ['A', 'ab', '']],
    ['a*', ['a', 'ab'], ['b', 'A']],
    ['a,b', ['a', 'b'], ['a,b', 'c']],
    ['a\\*', ['a*'], ['ab', 'a']],
    ['a\\,b', ['a,b'], ['a', 'b']],
    ['a\\\\', ['a\\'], ['a']],
    ['a*b', ['a*b'], ['ab']],
  ]
  for (const [filter, takes, leaves] of wishes) {
    it(`${filter} takes ${takes.join(' and ')}${leaves.length > 0 ? `, not ${leaves.join(' or ')}` : ''}`, () => {
      for (const text of takes) assert.ok(matches(filter, text), text)
      for (const text of leaves) assert.ok(!matches(filter, text), text)
    })
  }

  it('selects settings without a label unless it names one', () => {
    assert.ok(selects({ keyFilter: '*' }, 'a', undefined))
    assert.ok(selects({ keyFilter: '*', labelFilter: noLabel }, 'a', undefined))
    assert.ok(!selects({ keyFilter: '*' }, 'a', 'prod'))
    assert.ok(selects({ keyFilter: '*', labelFilter: 'prod' }, 'a', 'prod'))
  })

  it('takes feature flags only when asked for them', () => {
    assert.ok(!selects({ keyFilter: '*' }, '.appconfig.featureflag/beta', undefined))
    assert.ok(selects({ keyFilter: '.appconfig.featureflag/*' }, '.appconfig.featureflag/beta', undefined))
  })

  it('loses the first prefix that fits', () => {
    assert.equal(trimmed('Shop:Pay:url', ['Other:', 'Shop:', 'Shop:Pay:']), 'Pay:url')
    assert.equal(trimmed('url', ['Shop:']), 'url')
  })
})
