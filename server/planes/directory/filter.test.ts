import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { filterOf, fits, type Properties } from './filter.ts'
import { keyIn, keysAsSegments } from './key.ts'

const properties: Properties = { id: 'text', displayName: 'text', enabled: 'flag', names: 'list' }
const asked = (filter: string, object: Record<string, unknown>) => fits(filterOf(filter, properties), object)
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

describe('a filter', () => {
  const object = { id: '1', displayName: "O'Brien (web)", enabled: true, names: ['api://one', 'two'] }

  it('means what OData says it means', () => {
    const table: [string, boolean][] = [
      ["displayName eq 'O''Brien (web)'", true],
      ["displayname EQ 'o''brien (WEB)'", true],
      ["displayName eq 'O''Brien'", false],
      ["displayName ne 'x'", true],
      ["startswith(displayName,'O''B')", true],
      ["startswith(displayName, 'b')", false],
      ['enabled eq true', true],
      ['enabled ne true', false],
      ['not (enabled eq true)', false],
      ["not startswith(displayName,'x') and enabled eq true", true],
      ["id eq '2' or id eq '1'", true],
      ["id eq '1' or id eq '2' and enabled eq false", true],
      ["(id eq '1' or id eq '2') and enabled eq false", false],
      ["id in ('3', '1')", true],
      ["id in ('3')", false],
      ["names/any(c:c eq 'TWO')", true],
      ["names/any(c:c eq 'three')", false],
      ["names/any(x:startswith(x,'api://'))", true],
      ["names/any(c:c eq 'three' or c eq 'two')", true],
      ['displayName eq null', false],
      ['displayName ne null', true],
    ]
    for (const [filter, wanted] of table) assert.equal(asked(filter, object), wanted, filter)
    assert.equal(asked('displayName eq null', { id: '1' }), true)
  })

  it('that means nothing is refused, with where', () => {
    const wrong = [
      '',
      'displayName',
      'displayName eq',
      "displayName eq 'x",
      "displayName eq ''x'",
      'displayName eq x',
      'displayName eq 7',
      "displayName like 'x'",
      "password eq 'x'",
      "'a' eq 'a'",
      '1 eq 1',
      "displayName eq 'x' or",
      "displayName eq 'x' displayName eq 'y'",
      "(displayName eq 'x'",
      "displayName eq 'x')",
      "enabled eq 'true'",
      'enabled eq 1',
      "names eq 'x'",
      "names/all(c:c eq 'x')",
      "names/any(c:d eq 'x')",
      "names/any(c:displayName eq 'x')",
      "names/any(c:names/any(d:d eq 'x'))",
      "displayName/any(c:c eq 'x')",
      "contains(displayName,'x')",
      'startswith(displayName)',
      "startswith(enabled,'x')",
      "id in ('1'",
      'id in ()',
      "__proto__ eq 'x'",
      "constructor eq 'x'",
      `id in (${Array.from({ length: 51 }, () => "'x'").join()})`,
      `${'('.repeat(40)}id eq '1'${')'.repeat(40)}`,
      `${'not '.repeat(5000)}enabled eq true`,
      "displayName eq 'x'; drop table principal",
    ]
    for (const filter of wrong) assert.throws(() => filterOf(filter, properties), { code: 'invalid' }, filter)
  })

  it('takes whatever stands between quotes as a value, and as nothing else', () => {
    const pieces = [
      "'",
      "''",
      ' or ',
      ' eq ',
      "' or id eq '",
      '(',
      ')',
      'not ',
      'x',
      ',',
      '\\',
      '%27',
      '/any(c:c',
      '😀',
      ' ',
      '\n',
    ]
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: randomInt(8) }, () => pieces[randomInt(pieces.length)]).join('')
      const other = `${text}x`
      for (const filter of [`displayName eq ${quoted(text)}`, `displayName in (${quoted(text)})`]) {
        assert.equal(asked(filter, { displayName: text }), true, filter)
        assert.equal(asked(filter, { displayName: other, id: '1' }), false, filter)
      }
      assert.equal(asked(`startswith(displayName,${quoted(text)})`, { displayName: other }), true)
      assert.equal(asked(`names/any(c:c eq ${quoted(text)})`, { names: ['y', text] }), true)
      assert.equal(asked(`names/any(c:c eq ${quoted(text)})`, { names: [other] }), false)
    }
  })

  it('is either read or refused, whatever it is made of, and quickly', () => {
    const pieces = [
      "'",
      '(',
      ')',
      ' ',
      'id',
      'eq',
      'any',
      '/',
      ':',
      ',',
      'and',
      'or',
      'not',
      'in',
      'startswith',
      "'x'",
      '\u0000',
      'names',
    ]
    const begun = performance.now()
    for (let round = 0; round < 5000; round += 1) {
      const filter = Array.from({ length: randomInt(30) }, () => pieces[randomInt(pieces.length)]).join(' ')
      try {
        filterOf(filter, properties)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid', filter)
      }
    }
    assert.ok(performance.now() - begun < 5000)
  })
})

describe('a key in a path', () => {
  const id = '0d9a5b3c-1111-4222-8333-444455556666'
  it('is an id, an application’s id or the name of a person', () => {
    assert.deepEqual(keyIn(id.toUpperCase()), { by: 'id', value: id })
    assert.deepEqual(keyIn(`'${id}'`), { by: 'id', value: id })
    assert.deepEqual(keyIn(`appId='${id}'`), { by: 'appId', value: id })
    assert.deepEqual(keyIn("O'Neil@example.org"), { by: 'userPrincipalName', value: "O'Neil@example.org" })
    for (const wrong of ['x', '', `name='${id}'`, "appId='x'", `${id}/..`, `${id} `, "'"]) {
      assert.throws(() => keyIn(wrong), { code: 'invalid' }, wrong)
    }
  })

  it('may stand in parentheses, which mean the same as a segment', () => {
    assert.equal(
      keysAsSegments(`/v1.0/applications(appId='x')?$filter=a(b)`),
      "/v1.0/applications/appId='x'?$filter=a(b)",
    )
    assert.equal(
      keysAsSegments(`/v1.0/applications(appId=%27x%27)/addPassword`),
      '/v1.0/applications/appId=%27x%27/addPassword',
    )
    assert.equal(keysAsSegments('/v1.0/users%28%27x%27%29'), '/v1.0/users/%27x%27')
    assert.equal(keysAsSegments('/v1.0/groups'), '/v1.0/groups')
    assert.equal(keysAsSegments(`/beta/users('x')?$top=1`), '/v1.0/users/x?$top=1'.replace('x?', `'x'?`))
    assert.equal(keysAsSegments('/v1.0/groups/beta/x'), '/v1.0/groups/beta/x')
  })
})
